// A central system made of ocpp-go, which checks every message strictly. What happens is printed, a JSON object a line;
// calls are ordered on standard input: "configuration", "change KEY VALUE", "profile AMPERES", "composite", "start TAG",
// "stop", "trigger ACTION", "availability TYPE".
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	ocpp16 "github.com/lorenzodonini/ocpp-go/ocpp1.6"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/core"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/remotetrigger"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/smartcharging"
	"github.com/lorenzodonini/ocpp-go/ocpp1.6/types"
)

var printing sync.Mutex

func say(what string, detail any) {
	line, _ := json.Marshal(map[string]any{"what": what, "detail": detail})
	printing.Lock()
	defer printing.Unlock()
	fmt.Println(string(line))
}

func answered(action string) func(any, error) {
	return func(confirmation any, err error) {
		if err != nil {
			say(action+" failed", err.Error())
		} else {
			say(action+" answered", confirmation)
		}
	}
}

type system struct {
	transactions int
}

func (s *system) OnAuthorize(_ string, r *core.AuthorizeRequest) (*core.AuthorizeConfirmation, error) {
	say("Authorize", r)
	return core.NewAuthorizationConfirmation(types.NewIdTagInfo(types.AuthorizationStatusAccepted)), nil
}

func (s *system) OnBootNotification(_ string, r *core.BootNotificationRequest) (*core.BootNotificationConfirmation, error) {
	say("BootNotification", r)
	return core.NewBootNotificationConfirmation(types.NewDateTime(time.Now()), 60, core.RegistrationStatusAccepted), nil
}

func (s *system) OnDataTransfer(_ string, r *core.DataTransferRequest) (*core.DataTransferConfirmation, error) {
	say("DataTransfer", r)
	return core.NewDataTransferConfirmation(core.DataTransferStatusAccepted), nil
}

func (s *system) OnHeartbeat(_ string, r *core.HeartbeatRequest) (*core.HeartbeatConfirmation, error) {
	say("Heartbeat", r)
	return core.NewHeartbeatConfirmation(types.NewDateTime(time.Now())), nil
}

func (s *system) OnMeterValues(_ string, r *core.MeterValuesRequest) (*core.MeterValuesConfirmation, error) {
	say("MeterValues", r)
	return core.NewMeterValuesConfirmation(), nil
}

func (s *system) OnStatusNotification(_ string, r *core.StatusNotificationRequest) (*core.StatusNotificationConfirmation, error) {
	say("StatusNotification", r)
	return core.NewStatusNotificationConfirmation(), nil
}

func (s *system) OnStartTransaction(_ string, r *core.StartTransactionRequest) (*core.StartTransactionConfirmation, error) {
	s.transactions++
	say("StartTransaction", r)
	return core.NewStartTransactionConfirmation(types.NewIdTagInfo(types.AuthorizationStatusAccepted), s.transactions), nil
}

func (s *system) OnStopTransaction(_ string, r *core.StopTransactionRequest) (*core.StopTransactionConfirmation, error) {
	say("StopTransaction", r)
	return core.NewStopTransactionConfirmation(), nil
}

func profile(amperes float64) *types.ChargingProfile {
	schedule := types.NewChargingSchedule(types.ChargingRateUnitAmperes, types.NewChargingSchedulePeriod(0, amperes))
	schedule.StartSchedule = types.NewDateTime(time.Now().Add(-24 * time.Hour))
	return types.NewChargingProfile(1, 1, types.ChargingProfilePurposeTxDefaultProfile,
		types.ChargingProfileKindAbsolute, schedule)
}

func order(central ocpp16.CentralSystem, s *system, id string, words []string) error {
	switch words[0] {
	case "configuration":
		done := answered("GetConfiguration")
		return central.GetConfiguration(id, func(c *core.GetConfigurationConfirmation, err error) { done(c, err) }, nil)
	case "change":
		done := answered("ChangeConfiguration")
		return central.ChangeConfiguration(id, func(c *core.ChangeConfigurationConfirmation, err error) { done(c, err) }, words[1], words[2])
	case "profile":
		done := answered("SetChargingProfile")
		amperes, _ := strconv.ParseFloat(words[1], 64)
		return central.SetChargingProfile(id, func(c *smartcharging.SetChargingProfileConfirmation, err error) { done(c, err) }, 1, profile(amperes))
	case "composite":
		done := answered("GetCompositeSchedule")
		return central.GetCompositeSchedule(id, func(c *smartcharging.GetCompositeScheduleConfirmation, err error) { done(c, err) }, 1, 60)
	case "start":
		done := answered("RemoteStartTransaction")
		return central.RemoteStartTransaction(id, func(c *core.RemoteStartTransactionConfirmation, err error) { done(c, err) }, words[1],
			func(r *core.RemoteStartTransactionRequest) { connector := 1; r.ConnectorId = &connector })
	case "stop":
		done := answered("RemoteStopTransaction")
		return central.RemoteStopTransaction(id, func(c *core.RemoteStopTransactionConfirmation, err error) { done(c, err) }, s.transactions)
	case "trigger":
		done := answered("TriggerMessage")
		return central.TriggerMessage(id, func(c *remotetrigger.TriggerMessageConfirmation, err error) { done(c, err) },
			remotetrigger.MessageTrigger(words[1]))
	case "availability":
		done := answered("ChangeAvailability")
		return central.ChangeAvailability(id, func(c *core.ChangeAvailabilityConfirmation, err error) { done(c, err) }, 1, core.AvailabilityType(words[1]))
	}
	return fmt.Errorf("no such order")
}

func main() {
	port, _ := strconv.Atoi(os.Args[1])
	central, s := ocpp16.NewCentralSystem(nil, nil), &system{}
	central.SetCoreHandler(s)
	id := ""
	central.SetNewChargePointHandler(func(p ocpp16.ChargePointConnection) {
		id = p.ID()
		say("connected", id)
	})
	central.SetChargePointDisconnectedHandler(func(p ocpp16.ChargePointConnection) { say("disconnected", p.ID()) })
	go func() {
		for failure := range central.Errors() {
			say("error", failure.Error())
		}
	}()
	go central.Start(port, "/{ws}")
	say("listening", port)
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		if err := order(central, s, id, strings.Fields(lines.Text())); err != nil {
			say("error", err.Error())
		}
	}
}
