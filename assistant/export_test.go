package assistant

import "os"

// Skeleton is what a name is compared by.
func Skeleton(name string) string { return string(skeleton(name)) }

// ReadOnly makes every write to f fail from now on, as a full disk does.
func ReadOnly(f *File) error {
	file, err := os.Open(f.path)
	if err != nil {
		return err
	}
	err = f.file.Close()
	f.file = file
	return err
}
