using Agent.Actors.Journal;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>Every state against every input: what becomes of the phase, and how a request is answered at once.</summary>
public sealed class ZoneMachineTableTests
{
    /// <summary>How a zone is brought into each state.</summary>
    private static readonly Dictionary<string, Action<ZoneMachineDriver>> States = new(StringComparer.Ordinal)
    {
        ["unknown"] = _ => { },
        ["creating"] = z => z.Create(),
        ["moving"] = z => { z.Create(); z.Feed(new PassMoved(z.Pass!.Pass)); },
        ["accepting"] = z => { long r = z.Create(); z.Feed(new PassMoved(z.Pass!.Pass)); z.Feed(new DeadlineReached(r)); },
        ["accepted"] = z => { long r = z.Create(); z.Feed(new PassMoved(z.Pass!.Pass)); z.Feed(new DeadlineReached(r)); z.Commit(); },
        ["writing"] = z => { z.Create(); z.Bring(1); },
        ["applying"] = z => { z.Create(); z.Bring(1); z.Commit(); },
        ["ok"] = z => z.CreateAndServe(1),
        ["refreshing"] = z => { z.CreateAndServe(1); z.Notify(); },
        ["resting"] = z => { z.CreateAndServe(1); z.Notify(); z.FailPass(); },
        ["updating"] = z => { z.CreateAndServe(1); z.Notify(); z.Bring(2); },
        ["delete-writing"] = z => { z.CreateAndServe(1); z.Delete(); },
        ["deleting"] = z => { z.CreateAndServe(1); z.Delete(); z.Commit(); },
        ["forgetting"] = z => { z.CreateAndServe(1); z.Delete(); z.Commit(); z.ReportAll(TargetZoneState.Verified); },
        ["recreating"] = z => { z.CreateAndServe(1); z.Delete(); z.Commit(); z.Create(); },
    };

    /// <summary>State, input, phase afterwards, and the immediate answer to the request (or "waits").</summary>
    public static TheoryData<string, string, ZonePhase, string> Rows()
    {
        const ZonePhase unknown = ZonePhase.Unknown, creating = ZonePhase.Creating, present = ZonePhase.Present,
            deleting = ZonePhase.Deleting;
        var rows = new TheoryData<string, string, ZonePhase, string>();
        void Row(
            string state, ZonePhase create, string createAnswer, ZonePhase delete, string deleteAnswer, ZonePhase notify,
            string notifyAnswer)
        {
            rows.Add(state, "create", create, createAnswer);
            rows.Add(state, "delete", delete, deleteAnswer);
            rows.Add(state, "notify", notify, notifyAnswer);
            rows.Add(state, "refresh", notify, notifyAnswer);
        }

        Row("unknown", creating, "waits", deleting, "waits", unknown, "Unknown");
        Row("creating", creating, "waits", deleting, "waits", creating, "Done");
        Row("moving", creating, "waits", deleting, "waits", creating, "Done");
        Row("accepting", creating, "waits", deleting, "waits", creating, "Done");
        Row("accepted", present, "Done", deleting, "waits", present, "Done");
        Row("writing", creating, "waits", deleting, "waits", creating, "Done");
        Row("applying", present, "waits", deleting, "waits", present, "Done");
        Row("ok", present, "Done", deleting, "waits", present, "Done");
        Row("refreshing", present, "Done", deleting, "waits", present, "Done");
        Row("resting", present, "Done", deleting, "waits", present, "Done");
        Row("updating", present, "Done", deleting, "waits", present, "Done");
        Row("delete-writing", deleting, "waits", deleting, "waits", deleting, "Unknown");
        Row("deleting", creating, "waits", deleting, "waits", deleting, "Unknown");
        Row("forgetting", deleting, "waits", deleting, "Done", deleting, "Unknown");
        Row("recreating", creating, "waits", deleting, "waits", creating, "Done");
        return rows;
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public void A_request_in_a_state(string state, string input, ZonePhase phase, string answer)
    {
        var zone = new ZoneMachineDriver();
        States[state](zone);
        long request = input switch { "create" => zone.Create(), "delete" => zone.Delete(), "notify" => zone.Notify(),
            _ => zone.Refresh() };
        Assert.Equal(phase, zone.Machine.Phase);
        Assert.Equal(answer, zone.Requests[request]?.ToString() ?? "waits");
    }

    /// <summary>Everything that is not a request, good and bad, expected or stale, in every state.</summary>
    public static TheoryData<string, string> Events()
    {
        var rows = new TheoryData<string, string>();
        foreach (string state in States.Keys)
        {
            foreach (string input in Inputs.Keys) rows.Add(state, input);
        }

        return rows;
    }

    private static readonly Dictionary<string, Func<ZoneMachineDriver, ZoneInput>> Inputs = new(StringComparer.Ordinal)
    {
        ["pass-moved"] = z => new PassMoved(z.Pass?.Pass ?? 99),
        ["pass-brought"] = z => new PassBrought(z.Pass?.Pass ?? 99, SampleZones.Content("example.com.", 3), "master"),
        ["pass-current"] = z => new PassFoundCurrent(z.Pass?.Pass ?? 99, 1),
        ["pass-failed"] = z => new PassFailed(z.Pass?.Pass ?? 99, ZoneMachineDriver.SomeReason),
        ["stale-pass"] = _ => new PassBrought(99, SampleZones.Content("example.com.", 3), "master"),
        ["written"] = z => new JournalWritten(z.Write?.Write ?? 99),
        ["refused"] = z => new JournalRefused(z.Write?.Write ?? 99, ZoneMachineDriver.SomeReason),
        ["delayed"] = z => new JournalDelayed(z.Write?.Write ?? 99, ZoneMachineDriver.SomeReason),
        ["stale-write"] = _ => new JournalWritten(99),
        ["deadline"] = z => new DeadlineReached(z.Requests.Where(r => r.Value is null).Select(r => r.Key).FirstOrDefault(99)),
        ["stale-deadline"] = _ => new DeadlineReached(99),
        ["verified"] = z => Report(z, TargetZoneState.Verified),
        ["away"] = z => Report(z, TargetZoneState.Away),
        ["target-refused"] = z => Report(z, TargetZoneState.Refused),
        ["stale-report"] = _ => new TargetReported(-1, new TargetProgress("ns1", TargetZoneState.Verified, 1, null, null)),
        ["unknown-target"] = z =>
            new TargetReported(z.Machine.Row?.Generation ?? 0, new TargetProgress("ns9", TargetZoneState.Verified, 1, null, null)),
        ["target-new"] = _ => new TargetsChanged(["ns1", "ns2", "ns3"]),
        ["target-gone"] = _ => new TargetsChanged(["ns2"]),
        ["targets-exchanged"] = _ => new TargetsChanged(["ns3"]),
        ["stale-targets"] = _ => new TargetsChanged(["ns1", "ns2"]),
        ["retry"] = _ => new TimerFired(ZoneTimer.Retry),
        ["notify-delay"] = _ => new TimerFired(ZoneTimer.NotifyDelay),
        ["refresh-timer"] = _ => new TimerFired(ZoneTimer.Refresh),
    };

    /// <summary>The driver holds the rules (one answer, one pass, one write, durable before told); here everything must then come to
    /// rest.</summary>
    [Theory]
    [MemberData(nameof(Events))]
    public void An_event_in_a_state_breaks_no_rule_and_the_zone_comes_to_rest(string state, string input)
    {
        var zone = new ZoneMachineDriver();
        States[state](zone);
        bool staleOnly = input.StartsWith("stale", StringComparison.Ordinal) || input == "unknown-target";
        (ZonePhase Phase, int Waiting, bool Pass, bool Write) before = Snapshot(zone);
        zone.Feed(Inputs[input](zone));
        if (staleOnly) Assert.Equal(before, Snapshot(zone));
        ZoneMachineSettling.Settle(zone);
        Assert.DoesNotContain(zone.Requests, r => r.Value is null);
        Assert.True(zone.Machine.Phase == ZonePhase.Unknown || zone.Machine.IsQuiet, $"{zone.Machine.Phase} is not at rest");
    }

    private static (ZonePhase, int, bool, bool) Snapshot(ZoneMachineDriver zone) =>
        (zone.Machine.Phase, zone.Machine.Waiting, zone.Pass is not null, zone.Write is not null);

    private static TargetReported Report(ZoneMachineDriver zone, TargetZoneState state) =>
        new(
            zone.Machine.Row?.Generation ?? 0,
            new TargetProgress("ns1", state, null, null, state == TargetZoneState.Verified ? null : ZoneMachineDriver.SomeReason));
}
