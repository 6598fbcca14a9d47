// Package faultwire is an HTTP server on the loopback interface that misbehaves
// on demand, in the ways listed by [Faults]. [TestFaults] lets a backend meet all
// of them. The [FaultServer] alone is for the tests of what is put around
// backends.
package faultwire
