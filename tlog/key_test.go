// SPDX-License-Identifier: Apache-2.0

package tlog

// rsaPublic is a key of these tests; no one has its other half.
const rsaPublic = `-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA4L/kVp5wPXw8tekaCIfZ
KAO/Hxumrt846R/Tj6evDraRsNcYkgASJF8l9BA0GuS7oicbF63mpaZpaOoCuJWl
Y5YG0+MJWTzdqzxSQvAAdNg4vGg3EkPOgvGsCO6RU8bY4akj5wTGN2LoST7XalGU
F/dcK45COmkLpDqWbO8Kv2wLe4HWNE1b7Nuzhbijm6l34FtSfo6F7WkzVXXByOcA
w4oGoKS5WPRKXzFE2FwUNYkXIUl+kSQhlBlCOdxhOEe2MUUz2xvP5Ii/A7WQ+J+j
3zn1vi9VMIfwUggHQidiUDYxowTCyKvq6m9qWo6AB5tejhTS+a+fYp7sMDlJ7lGP
hQIDAQAB
-----END PUBLIC KEY-----
`
