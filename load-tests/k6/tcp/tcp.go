// Package tcp is k6/x/tcp as far as our scenarios use it: Socket with connect, write, on and destroy.
// A handler that has not returned holds the connection back, so a scenario can read slowly.
package tcp

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"

	"github.com/grafana/sobek"
	"go.k6.io/k6/v2/js/common"
	"go.k6.io/k6/v2/js/modules"
	"go.k6.io/k6/v2/js/promises"
)

const readBufferBytes = 64 * 1024

func init() {
	modules.Register("k6/x/tcp", &root{})
}

type root struct{}

type instance struct{ vu modules.VU }

func (*root) NewModuleInstance(vu modules.VU) modules.Instance {
	return &instance{vu: vu}
}

func (i *instance) Exports() modules.Exports {
	return modules.Exports{Named: map[string]any{"Socket": i.newSocket}}
}

type socket struct {
	vu       modules.VU
	conn     net.Conn
	handlers map[string][]sobek.Callable
	stop     func() bool
}

func (i *instance) newSocket(_ sobek.ConstructorCall, rt *sobek.Runtime) *sobek.Object {
	s := &socket{vu: i.vu, handlers: map[string][]sobek.Callable{}}
	object := rt.NewObject()
	for name, method := range map[string]any{
		"connect": s.connect, "write": s.write, "on": s.on, "destroy": s.destroy,
	} {
		if err := object.Set(name, method); err != nil {
			common.Throw(rt, err)
		}
	}
	return object
}

type target struct {
	Host string `js:"host"`
	Port int    `js:"port"`
	TLS  bool   `js:"tls"`
}

func (s *socket) connect(where sobek.Value) *sobek.Promise {
	var to target
	rt := s.vu.Runtime()
	if err := rt.ExportTo(where, &to); err != nil {
		common.Throw(rt, err)
	}
	promise, resolveFunc, rejectFunc := rt.NewPromise()
	enqueue := s.vu.RegisterCallback()
	ctx := s.vu.Context()
	go func() {
		conn, err := s.dial(ctx, to)
		enqueue(func() error {
			if err != nil {
				return rejectFunc(err)
			}
			s.conn = conn
			s.stop = context.AfterFunc(ctx, func() { _ = conn.Close() })
			go s.read(ctx, conn, s.vu.RegisterCallback())
			return resolveFunc(sobek.Undefined())
		})
	}()
	return promise
}

func (s *socket) dial(ctx context.Context, to target) (net.Conn, error) {
	state := s.vu.State()
	conn, err := state.Dialer.DialContext(ctx, "tcp", net.JoinHostPort(to.Host, strconv.Itoa(to.Port)))
	if err != nil || !to.TLS {
		return conn, err
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if state.TLSConfig != nil {
		config = state.TLSConfig.Clone()
	}
	config.ServerName = to.Host
	config.NextProtos = nil
	secure := tls.Client(conn, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}

// read hands over one chunk at a time; the next one is read when the handlers have returned.
func (s *socket) read(ctx context.Context, conn net.Conn, enqueue func(func() error)) {
	buffer := make([]byte, readBufferBytes)
	next := make(chan func(func() error), 1)
	for {
		count, err := conn.Read(buffer)
		chunk := append([]byte(nil), buffer[:count]...)
		enqueue(func() error {
			if err == nil {
				next <- s.vu.RegisterCallback()
			}
			if len(chunk) > 0 {
				if failed := s.emit("data", s.vu.Runtime().NewArrayBuffer(chunk)); failed != nil {
					return failed
				}
			}
			if err != nil {
				return s.emit("close")
			}
			return nil
		})
		if err != nil {
			return
		}
		select {
		case enqueue = <-next:
		case <-ctx.Done():
			return
		}
	}
}

func (s *socket) emit(event string, args ...any) error {
	values := make([]sobek.Value, len(args))
	for index, arg := range args {
		values[index] = s.vu.Runtime().ToValue(arg)
	}
	for _, handler := range s.handlers[event] {
		if _, err := handler(sobek.Undefined(), values...); err != nil {
			return err
		}
	}
	return nil
}

func (s *socket) on(event string, handler sobek.Callable) {
	s.handlers[event] = append(s.handlers[event], handler)
}

func (s *socket) write(text string) *sobek.Promise {
	promise, resolve, reject := promises.New(s.vu)
	conn := s.conn
	go func() {
		if conn == nil {
			reject(net.ErrClosed)
			return
		}
		if _, err := conn.Write([]byte(text)); err != nil {
			reject(err)
			return
		}
		resolve(sobek.Undefined())
	}()
	return promise
}

func (s *socket) destroy() {
	if s.conn != nil {
		s.stop()
		_ = s.conn.Close()
	}
}
