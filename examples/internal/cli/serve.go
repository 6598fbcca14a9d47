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

// Serve serves until ctx is cancelled or the process is asked to end, and then
// for as long as answers take, but no longer than grace. A second request to end
// ends it at once.
func Serve(ctx context.Context, listener net.Listener, handler http.Handler, grace time.Duration) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM)
	defer stop()
	// Requests are not given ctx: they go on when it is cancelled. There is no
	// WriteTimeout, since a stream may take minutes; handlers have their own.
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    32 << 10,
		ErrorLog:          slog.NewLogLogger(slog.DiscardHandler, 0), // it would tell of clients' mistakes
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
		err = errors.Join(errors.New("answers were still under way and have been cut off"), server.Close())
	}
	<-ended
	return err
}
