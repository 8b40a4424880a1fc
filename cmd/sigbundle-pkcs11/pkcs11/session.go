// SPDX-License-Identifier: Apache-2.0

package pkcs11

import (
	"errors"
	"sync"

	"github.com/miekg/pkcs11"

	"github.com/sigbundle/sigbundle/internal/refuse"
)

// Bounds on what a module says.
const (
	maxSlots   = 1024
	maxObjects = 64
)

// session is one login to one token. A session does one thing at a time
// (PKCS #11, Section 5.1.5), so that goroutines wait for each other.
type session struct {
	module *pkcs11.Ctx
	handle pkcs11.SessionHandle
	lock   sync.Mutex
	open   bool
}

// login loads the module of the URI and logs in to its token.
func login(u *URI, pin string) (*session, error) {
	module := pkcs11.New(u.ModulePath)
	if module == nil {
		return nil, refuse.New("sign.key", "%s: the module cannot be loaded", u)
	}
	if err := module.Initialize(); err != nil {
		module.Destroy()
		return nil, refuse.Wrap("sign.key", err, "%s: module", u)
	}
	s := &session{module: module, open: true}
	slot, err := s.slot(u)
	if err == nil {
		s.handle, err = module.OpenSession(slot, pkcs11.CKF_SERIAL_SESSION)
	}
	if err == nil {
		err = module.Login(s.handle, pkcs11.CKU_USER, pin)
	}
	if err != nil {
		_ = s.close()
		return nil, refuse.Wrap("sign.key", err, "%s", u)
	}
	return s, nil
}

// slot finds the one token that the URI names.
func (s *session) slot(u *URI) (uint, error) {
	slots, err := s.module.GetSlotList(true)
	if err != nil {
		return 0, err
	}
	var found []uint
	for _, slot := range slots[:min(len(slots), maxSlots)] {
		info, err := s.module.GetTokenInfo(slot)
		if err != nil {
			continue // one that was just pulled out is not meant
		}
		if u.Serial != "" && info.SerialNumber == u.Serial || u.Token != "" && info.Label == u.Token {
			found = append(found, slot)
		}
	}
	switch len(found) {
	case 0:
		return 0, errors.New("token: not found")
	case 1:
		return found[0], nil
	}
	return 0, errors.New("token: several found, want serial in the URI too")
}

// find returns the objects of a class with that label and id; nil is any.
func (s *session) find(class uint, label, id []byte) ([]pkcs11.ObjectHandle, error) {
	template := []*pkcs11.Attribute{pkcs11.NewAttribute(pkcs11.CKA_CLASS, class)}
	if label != nil {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_LABEL, label))
	}
	if id != nil {
		template = append(template, pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	}
	if err := s.module.FindObjectsInit(s.handle, template); err != nil {
		return nil, err
	}
	objects, _, err := s.module.FindObjects(s.handle, maxObjects)
	return objects, errors.Join(err, s.module.FindObjectsFinal(s.handle))
}

// bytes reads an attribute of an object.
func (s *session) bytes(o pkcs11.ObjectHandle, attribute uint) ([]byte, error) {
	got, err := s.module.GetAttributeValue(s.handle, o, []*pkcs11.Attribute{{Type: attribute}})
	if err != nil {
		return nil, err
	}
	return got[0].Value, nil
}

// sign has the token sign.
func (s *session) sign(mechanism uint, key pkcs11.ObjectHandle, data []byte) ([]byte, error) {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.open {
		return nil, errors.New("the session with the token is closed")
	}
	if err := s.module.SignInit(s.handle, []*pkcs11.Mechanism{pkcs11.NewMechanism(mechanism, nil)}, key); err != nil {
		return nil, err
	}
	return s.module.Sign(s.handle, data)
}

// close logs out and lets the module go. It can be called more than once.
func (s *session) close() error {
	s.lock.Lock()
	defer s.lock.Unlock()
	if !s.open {
		return nil
	}
	s.open = false
	defer s.module.Destroy()
	return s.module.Finalize() // ends sessions and logins too (PKCS #11, Section 5.4)
}
