package cli

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// Serve serves until ctx is cancelled or the process gets a signal to end. It then
// finishes the answers under way, for at most grace. A second signal ends it at once.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	// Requests do not use ctx, so that they can finish. WriteTimeout stays unset,
	// because a stream may take minutes.
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, 0), // it only reports clients' mistakes
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return err
	case <-ctx.Done():
	}
	again, stopAgain := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stopAgain()
	patience, cancel := context.WithTimeout(again, grace)
	defer cancel()
	err := server.Shutdown(patience)
	if err != nil {
		err = errors.Join(errors.New("some answers took too long and were cut off"), server.Close())
	}
	<-ended
	return err
}
