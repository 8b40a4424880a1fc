package refuse

var table []Description
