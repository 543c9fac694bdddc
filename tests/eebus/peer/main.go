// Command peer is an energy guard and energy manager on eebus-go, for tests of the emulator.
//
// Its arguments are a port to listen on, the time-out of its heartbeats in seconds, and a directory for its certificate.
// It prints what happens as lines of JSON, and takes orders from its standard input:
//
//	trust SKI              pair with a wallbox, which has to connect
//	limit WATTS SECONDS    write an active limit (0 seconds: without a duration)
//	release WATTS          write a limit that is not active
//	read                   print the limit, the measurements and the vehicle
//	phases AMPERES         limit the vehicle's current (OPEV)
//	quit
package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/enbility/eebus-go/api"
	"github.com/enbility/eebus-go/service"
	ucapi "github.com/enbility/eebus-go/usecases/api"
	"github.com/enbility/eebus-go/usecases/cem/evcc"
	"github.com/enbility/eebus-go/usecases/cem/evcem"
	"github.com/enbility/eebus-go/usecases/cem/evsecc"
	"github.com/enbility/eebus-go/usecases/cem/opev"
	eglpc "github.com/enbility/eebus-go/usecases/eg/lpc"
	"github.com/enbility/eebus-go/usecases/ma/mpc"
	shipapi "github.com/enbility/ship-go/api"
	"github.com/enbility/ship-go/cert"
	"github.com/enbility/ship-go/mdns"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
)

type peer struct {
	service *service.Service
	lpc     ucapi.EgLPCInterface
	mpc     ucapi.MaMPCInterface
	evcc    ucapi.CemEVCCInterface
	evcem   ucapi.CemEVCEMInterface
	opev    ucapi.CemOPEVInterface

	mux      sync.Mutex
	entities map[string]spineapi.EntityRemoteInterface
}

var printing sync.Mutex

func say(event string, members map[string]any) {
	line := map[string]any{"event": event}
	for name, value := range members {
		line[name] = value
	}
	text, err := json.Marshal(line)
	if err != nil {
		panic(err)
	}
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(text))
}

func (p *peer) RemoteSKIConnected(_ api.ServiceInterface, ski string) {
	say("connected", map[string]any{"ski": ski})
}

func (p *peer) RemoteSKIDisconnected(_ api.ServiceInterface, ski string) {
	say("disconnected", map[string]any{"ski": ski})
}

func (p *peer) VisibleRemoteServicesUpdated(api.ServiceInterface, []shipapi.RemoteService) {}
func (p *peer) ServiceShipIDUpdate(_ string, id string)                                    { say("ship id", map[string]any{"id": id}) }
func (p *peer) ServicePairingDetailUpdate(_ string, detail *shipapi.ConnectionStateDetail) {
	say("pairing", map[string]any{"state": detail.State()})
}

// OnEvent keeps the entity of each use case.
func (p *peer) OnEvent(_ string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, event api.EventType) {
	name := string(event)
	p.mux.Lock()
	switch {
	case strings.HasPrefix(name, "eg-lpc"):
		p.entities["lpc"] = entity
	case strings.HasPrefix(name, "ma-mpc"):
		p.entities["mpc"] = entity
	case strings.HasPrefix(name, "cem-evsecc"):
		p.entities["evse"] = entity
	case strings.HasPrefix(name, "cem-"):
		p.entities["ev"] = entity
	}
	p.mux.Unlock()
	say("use case", map[string]any{"name": name})
}

func (p *peer) entity(name string) spineapi.EntityRemoteInterface {
	p.mux.Lock()
	defer p.mux.Unlock()
	return p.entities[name]
}

func told(err error) any {
	if err != nil {
		return err.Error()
	}
	return nil
}

func result(answer model.ResultDataType) {
	members := map[string]any{}
	if answer.ErrorNumber != nil {
		members["error"] = uint(*answer.ErrorNumber)
	}
	if answer.Description != nil {
		members["description"] = string(*answer.Description)
	}
	say("result", members)
}

func (p *peer) write(active bool, watts float64, seconds int) {
	limit := ucapi.LoadLimit{IsActive: active, Value: watts, Duration: time.Duration(seconds) * time.Second}
	_, err := p.lpc.WriteConsumptionLimit(p.entity("lpc"), limit, result)
	say("written", map[string]any{"problem": told(err)})
}

func (p *peer) phases(amperes float64) {
	var limits []ucapi.LoadLimitsPhase
	for _, phase := range []model.ElectricalConnectionPhaseNameType{"a", "b", "c"} {
		limits = append(limits, ucapi.LoadLimitsPhase{Phase: phase, IsActive: true, Value: amperes})
	}
	_, err := p.opev.WriteLoadControlLimits(p.entity("ev"), limits, result)
	say("written", map[string]any{"problem": told(err)})
}

func (p *peer) read() {
	members := map[string]any{}
	keep := func(name string, value any, err error) {
		if err == nil {
			members[name] = value
		} else {
			members[name] = map[string]any{"problem": err.Error()}
		}
	}
	if entity := p.entity("lpc"); entity != nil {
		limit, err := p.lpc.ConsumptionLimit(entity)
		keep("limit", map[string]any{"value": limit.Value, "active": limit.IsActive, "seconds": limit.Duration.Seconds()}, err)
		power, err := p.lpc.FailsafeConsumptionActivePowerLimit(entity)
		keep("failsafe_power", power, err)
		duration, err := p.lpc.FailsafeDurationMinimum(entity)
		keep("failsafe_duration", duration.Seconds(), err)
		nominal, err := p.lpc.ConsumptionNominalMax(entity)
		keep("nominal", nominal, err)
	}
	if entity := p.entity("mpc"); entity != nil {
		power, err := p.mpc.Power(entity)
		keep("power", power, err)
		powers, err := p.mpc.PowerPerPhase(entity)
		keep("powers", powers, err)
		energy, err := p.mpc.EnergyConsumed(entity)
		keep("energy", energy, err)
		currents, err := p.mpc.CurrentPerPhase(entity)
		keep("currents", currents, err)
		voltages, err := p.mpc.VoltagePerPhase(entity)
		keep("voltages", voltages, err)
		frequency, err := p.mpc.Frequency(entity)
		keep("frequency", frequency, err)
	}
	if entity := p.entity("ev"); entity != nil {
		standard, err := p.evcc.CommunicationStandard(entity)
		keep("standard", standard, err)
		state, err := p.evcc.ChargeState(entity)
		keep("charge_state", state, err)
		least, greatest, standby, err := p.evcc.ChargingPowerLimits(entity)
		keep("powers_ev", []float64{least, greatest, standby}, err)
		currents, err := p.evcem.CurrentPerPhase(entity)
		keep("currents_ev", currents, err)
		charged, err := p.evcem.EnergyCharged(entity)
		keep("charged", charged, err)
		low, high, pause, err := p.opev.CurrentLimits(entity)
		keep("opev", [][]float64{low, high, pause}, err)
	}
	say("read", members)
}

func (p *peer) order(words []string) bool {
	number := func(index int) float64 {
		value, err := strconv.ParseFloat(words[index], 64)
		if err != nil {
			panic(err)
		}
		return value
	}
	switch words[0] {
	case "trust":
		p.service.RegisterRemoteSKI(words[1])
	case "limit":
		p.write(true, number(1), int(number(2)))
	case "release":
		p.write(false, number(1), 0)
	case "phases":
		p.phases(number(1))
	case "read":
		p.read()
	case "quit":
		return false
	}
	return true
}

// trace writes what the libraries say to standard error.
type trace struct{}

func (trace) Trace(args ...any)                 { fmt.Fprintln(os.Stderr, args...) }
func (trace) Tracef(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
func (trace) Debug(args ...any)                 { fmt.Fprintln(os.Stderr, args...) }
func (trace) Debugf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }
func (trace) Info(args ...any)                  { fmt.Fprintln(os.Stderr, args...) }
func (trace) Infof(format string, args ...any)  { fmt.Fprintf(os.Stderr, format+"\n", args...) }
func (trace) Error(args ...any)                 { fmt.Fprintln(os.Stderr, args...) }
func (trace) Errorf(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) }

// identity loads the certificate in a directory, or makes one there.
func identity(directory string) (tls.Certificate, error) {
	certificateFile, keyFile := filepath.Join(directory, "peer.crt"), filepath.Join(directory, "peer.key")
	if found, err := tls.LoadX509KeyPair(certificateFile, keyFile); err == nil {
		return found, nil
	}
	made, err := cert.CreateCertificate("Test", "Test", "DE", "Test-Peer")
	if err != nil {
		return made, err
	}
	key, err := x509.MarshalECPrivateKey(made.PrivateKey.(*ecdsa.PrivateKey))
	if err != nil {
		return made, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: made.Certificate[0]})
	if err := os.WriteFile(certificateFile, text, 0o600); err != nil {
		return made, err
	}
	return made, os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: key}), 0o600)
}

func main() {
	port, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	timeout, err := strconv.Atoi(os.Args[2])
	if err != nil {
		panic(err)
	}
	certificate, err := identity(os.Args[3])
	if err != nil {
		panic(err)
	}
	configuration, err := api.NewConfiguration("Test", "Test", "Peer", "1", model.DeviceTypeTypeEnergyManagementSystem,
		[]model.EntityTypeType{model.EntityTypeTypeCEM, model.EntityTypeTypeGridGuard},
		port, certificate, time.Duration(timeout)*time.Second)
	if err != nil {
		panic(err)
	}
	configuration.SetMdnsProviderSelection(mdns.MdnsProviderSelectionGoZeroConfOnly)
	p := &peer{entities: map[string]spineapi.EntityRemoteInterface{}}
	p.service = service.NewService(configuration, p)
	if os.Getenv("PEER_TRACE") != "" {
		p.service.SetLogging(trace{})
	}
	if err := p.service.Setup(); err != nil {
		panic(err)
	}
	guard := p.service.LocalDevice().EntityForType(model.EntityTypeTypeGridGuard)
	manager := p.service.LocalDevice().EntityForType(model.EntityTypeTypeCEM)
	p.lpc = eglpc.NewLPC(guard, p.OnEvent)
	p.mpc = mpc.NewMPC(manager, p.OnEvent)
	p.evcc = evcc.NewEVCC(p.service, manager, p.OnEvent)
	p.evcem = evcem.NewEVCEM(p.service, manager, p.OnEvent)
	p.opev = opev.NewOPEV(manager, p.OnEvent)
	for _, useCase := range []api.UseCaseInterface{p.lpc, p.mpc, evsecc.NewEVSECC(manager, p.OnEvent), p.evcc, p.evcem, p.opev} {
		p.service.AddUseCase(useCase)
	}
	p.service.Start()
	say("ready", map[string]any{"ski": p.service.LocalService().SKI()})
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 0 && !p.order(words) {
			return
		}
	}
}
