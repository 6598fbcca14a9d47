package assistant

import (
	"io"
	"os"
	"slices"
)

// Skeleton is what a name is compared by.
func Skeleton(name string) string { return string(skeleton(name)) }

// Saved returns the turns in the file.
func Saved(f *File) Transcript { return slices.Clone(f.saved) }

// ReadTranscript reads the content of a transcript file.
func ReadTranscript(r io.Reader) (Transcript, error) {
	content, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	var f File
	err = f.read(content)
	return f.saved, err
}

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
