package llamacpp

import (
	"path/filepath"
	"syscall"
)

// load also loads the library's companion, in which some functions are.
func load(path string) (uintptr, error) {
	handle, err := syscall.LoadLibrary(path)
	return uintptr(handle), err
}

func symbol(handle uintptr, name string) (uintptr, error) {
	address, err := syscall.GetProcAddress(syscall.Handle(handle), name)
	if err == nil {
		return address, nil
	}
	ggml, err := syscall.LoadLibrary(filepath.Base("ggml.dll"))
	if err != nil {
		return 0, err
	}
	if address, err = syscall.GetProcAddress(ggml, name); err == nil {
		return address, nil
	}
	base, err := syscall.LoadLibrary("ggml-base.dll")
	if err != nil {
		return 0, err
	}
	return syscall.GetProcAddress(base, name)
}
