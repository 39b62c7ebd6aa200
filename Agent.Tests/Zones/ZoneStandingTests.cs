using Agent.Actors.Journal;
using Agent.Actors.Reasons;
using Agent.Actors.Zones;

namespace Agent.Tests.Zones;

/// <summary>What a restart may still know of a zone's masters.</summary>
public sealed class ZoneStandingTests
{
    [Fact]
    public void How_the_zone_stands_with_its_masters_is_written_without_its_row()
    {
        ZoneMachine machine = new(SampleZones.Content("example.com.", 1).Apex, null, ["ns1"], new ZonePolicy());
        var effects = new List<ZoneEffect>();
        DateTimeOffset now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
        Handle(new CreateAsked(1, ["ns1"], ZoneMachineDriver.Origin));
        Handle(new PassBrought(Last<BeginPass>().Pass, SampleZones.Content("example.com.", 1), "192.0.2.1:53"));
        Handle(new JournalWritten(Last<WriteJournal>().Write));
        Handle(new RefreshAsked(2, false, ZoneMachineDriver.Origin));
        var reason = new Reason(ReasonCode.NoMaster, "nobody answers");
        Handle(new PassFailed(Last<BeginPass>().Pass, reason));
        Assert.True(Standing() is { } failed && failed.Reason == reason && failed.ReasonSince == now);
        now += TimeSpan.FromHours(1);
        Handle(new RefreshAsked(3, false, ZoneMachineDriver.Origin));
        Handle(new PassFoundCurrent(Last<BeginPass>().Pass, 1));
        Assert.True(Standing() is { Reason: null } well && well.RefreshedAt == now);
        effects.Clear();
        Handle(new TargetReported(1, new TargetProgress("ns1", TargetZoneState.Verified, 1, now, null)));
        Assert.Null(Standing());

        void Handle(ZoneInput input) => machine.Handle(input, now, effects);
        T Last<T>() => effects.OfType<T>().Last();
        PutStanding? Standing() => effects.OfType<WriteJournal>().SelectMany(w => w.Entries).OfType<PutStanding>().LastOrDefault();
    }
}
