using System.Net;
using Agent.Actors.Guards;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
using Agent.Actors.Zones;
using Agent.Dns.Wire;
using Agent.Dns.Zones;
using Agent.Tests.Zones;

namespace Agent.Tests.Simulation;

/// <summary>
/// The masters as a model: all hold the same zones, some may lag behind; addresses go away, answer late, or break transfers. Small
/// real contents come out, so that everything behind works on the real type.
/// </summary>
internal sealed class SimMasters(SimScheduler sim) : IMasterClient
{
    private readonly Dictionary<(string Zone, uint Serial), ZoneContent> _contents = [];
    private readonly HashSet<(string? By, long Id)> _cancelled = [];
    private readonly PlacedContents _place = new();

    public SortedDictionary<DomainName, uint> Zones { get; } = [];

    /// <summary>A NOTIFY of the first master; two of three name a serial, and half of these a wrong one.</summary>
    public NotifyZone Notification(DomainName zone, RequestOrigin origin)
    {
        uint serial = Zones.GetValueOrDefault(zone);
        uint? told = (serial % 3) switch { 0 => null, 1 => serial, _ => serial + 3 };
        return new NotifyZone(zone, origin, IPAddress.Parse("192.0.2.1"), told);
    }

    public HashSet<string> Away { get; } = [];

    /// <summary>Every SOA question that was put to a master that answers, since the list was last cleared.</summary>
    public List<(TimeSpan At, string Master)> Asked { get; } = [];

    public double BreakChance { get; set; }

    /// <summary>Zones that are named and not given: how the transfer fails.</summary>
    public Dictionary<DomainName, TransferFailure> Withheld { get; } = [];

    /// <summary>How often a zone was asked for that is not given, since this was last set to zero.</summary>
    public int AskedInVain { get; set; }

    /// <summary>Zones whose transfer stands still for a long time.</summary>
    public HashSet<DomainName> Slow { get; } = [];

    /// <summary>Zones whose new content a guard stops.</summary>
    public HashSet<DomainName> Unfit { get; } = [];

    public void Resolve(ResolveMaster request, ReplyTo replyTo) => Resolve(request, answer => replyTo.Tell(answer));

    public void AskSoa(AskSoa request, ReplyTo replyTo) => AskSoa(request, answer => replyTo.Tell(answer));

    public void Transfer(TransferZone request, ReplyTo replyTo) => Transfer(null, request, answer => replyTo.Tell(answer));

    public void Cancel(long id) => Cancel(null, id);

    public void Resolve(ResolveMaster request, Action<object> answer) => Later(5, () => answer(new MasterResolved(
        request.Id, request.Master, [new IPEndPoint(IPAddress.Parse(request.Master.Host), request.Master.Port)], null)));

    public void AskSoa(AskSoa request, Action<object> answer)
    {
        if (IsAway(request.Address))
        {
            sim.Schedule(request.Timeout, () => answer(new SoaAnswered(
                request.Id, request.Address, SoaOutcome.Unreachable, 0, new Reason(ReasonCode.NoMaster, "no answer"))));
            return;
        }

        Asked.Add((sim.Now, request.Address.Master.Name));
        Later(20, () =>
        {
            bool known = Zones.TryGetValue(request.Zone, out uint serial);
            answer(new SoaAnswered(request.Id, request.Address, known ? SoaOutcome.Serial : SoaOutcome.Absent, serial, null));
        });
    }

    /// <summary>A transfer that a node asks for; its numbers are its own.</summary>
    public void Transfer(string? by, TransferZone request, Action<object> answer)
    {
        if (IsAway(request.Address))
        {
            Later(50, () => Fail(request, answer, TransferFailure.Unreachable, ReasonCode.NoMaster));
            return;
        }

        if (Withheld.TryGetValue(request.Zone, out TransferFailure how))
        {
            AskedInVain++;
            string code = how == TransferFailure.Unreachable ? ReasonCode.NoMaster : ReasonCode.TransferBroken;
            Later(40, () => Fail(request, answer, how, code));
            return;
        }

        bool slow = Slow.Contains(request.Zone);
        if (slow) Later(100, () => answer(new TransferMoving(request.Id, 1000, 10)));
        Later(slow ? 60_000 : 40, () =>
        {
            if (_cancelled.Remove((by, request.Id))) Fail(request, answer, TransferFailure.GivenUp, ReasonCode.TransferBroken);
            else if (sim.Faults.Chance(BreakChance)) Fail(request, answer, TransferFailure.Broken, ReasonCode.TransferBroken);
            else if (!Zones.TryGetValue(request.Zone, out uint serial))
                Fail(request, answer, TransferFailure.Refused, ReasonCode.TransferRefused);
            else answer(Completed(request, serial));
        });
    }

    public void Cancel(string? by, long id) => _cancelled.Add((by, id));

    /// <summary>In differences from what the asker holds, now and then, and then they must fit; else whole.</summary>
    private TransferCompleted Completed(TransferZone request, uint serial)
    {
        ZoneContent whole = Content(request.Zone, serial);
        bool isDifferences = request.Held is not null && sim.Faults.Chance(0.5)
            && ContentComparison.TryCompare(request.Held, whole, long.MaxValue, out _);
        var statistics = new TransferStatistics(1, 100, 3, 0, TimeSpan.Zero)
        {
            Kind = isDifferences ? TransferKind.Ixfr : TransferKind.Axfr,
        };
        ZoneContent content = isDifferences ? Applied(request.Held!, whole) : whole;
        return new TransferCompleted(request.Id, request.Address, content, statistics)
        {
            Stopped = request.Served is not null && Unfit.Contains(request.Zone)
                ? new Reason(ReasonCode.GuardShrink, "as the simulation says")
                : ContentGuards.Judge(request.Guards, request.Served, content, ApexTraits.Of(content), 0),
        };
    }

    private ZoneContent Applied(ZoneContent held, ZoneContent whole)
    {
        CodeProbe.Reached("masters.gave-differences");
        Assert.True(ContentComparison.TryCompare(held, whole, long.MaxValue, out DifferenceSequence? differences));
        Assert.Equal(ZoneDiffError.None, DifferenceFold.TryFold(held.Apex, differences, out DifferenceFold? fold));
        using RecordStream records = held.Open();
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        using (fold)
        {
            Assert.Equal(ZoneDiffError.None, fold!.TryApply(records, builder));
        }

        Assert.True(builder.TryBuild(out MemoryZoneContent? content));
        return _place.Keep(content);
    }

    private ZoneContent Content(DomainName zone, uint serial)
    {
        (string, uint) key = (zone.Fold().ToString(), serial);
        if (!_contents.TryGetValue(key, out ZoneContent? content))
            _contents[key] = content = _place.Keep(SampleZones.Content(key.Item1, serial));
        return content;
    }

    private bool IsAway(MasterAddress address) => Away.Contains(address.Master.Name);

    private void Later(int mostMs, Action action) => sim.Schedule(sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(mostMs)), action);

    private static void Fail(TransferZone request, Action<object> answer, TransferFailure failure, string code) =>
        answer(new TransferFailed(request.Id, request.Address, failure, new Reason(code, "as the simulation says")));
}
