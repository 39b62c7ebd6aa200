using System.Net;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;
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
    private readonly HashSet<long> _cancelled = [];

    public SortedDictionary<DomainName, uint> Zones { get; } = [];

    public HashSet<string> Away { get; } = [];

    public double BreakChance { get; set; }

    /// <summary>Zones whose transfer stands still for a long time.</summary>
    public HashSet<DomainName> Slow { get; } = [];

    public void Resolve(ResolveMaster request, ReplyTo replyTo) => Later(5, () => replyTo.Tell(new MasterResolved(
        request.Id, request.Master, [new IPEndPoint(IPAddress.Parse(request.Master.Host), request.Master.Port)], null)));

    public void AskSoa(AskSoa request, ReplyTo replyTo)
    {
        if (IsAway(request.Address))
        {
            sim.Schedule(request.Timeout, () => replyTo.Tell(new SoaAnswered(
                request.Id, request.Address, SoaOutcome.Unreachable, 0, new Reason(ReasonCode.NoMaster, "no answer"))));
            return;
        }

        Later(20, () =>
        {
            bool known = Zones.TryGetValue(request.Zone, out uint serial);
            replyTo.Tell(new SoaAnswered(request.Id, request.Address, known ? SoaOutcome.Serial : SoaOutcome.Absent, serial, null));
        });
    }

    public void Transfer(TransferZone request, ReplyTo replyTo)
    {
        if (IsAway(request.Address))
        {
            Later(50, () => Fail(request, replyTo, TransferFailure.Unreachable, ReasonCode.NoMaster));
            return;
        }

        bool slow = Slow.Contains(request.Zone);
        if (slow) Later(100, () => replyTo.Tell(new TransferMoving(request.Id, 1000, 10)));
        Later(slow ? 60_000 : 40, () =>
        {
            if (_cancelled.Remove(request.Id)) Fail(request, replyTo, TransferFailure.GivenUp, ReasonCode.TransferBroken);
            else if (sim.Faults.Chance(BreakChance)) Fail(request, replyTo, TransferFailure.Broken, ReasonCode.TransferBroken);
            else if (!Zones.TryGetValue(request.Zone, out uint serial))
                Fail(request, replyTo, TransferFailure.Refused, ReasonCode.TransferRefused);
            else replyTo.Tell(
                new TransferCompleted(request.Id, request.Address, Content(request.Zone, serial),
                new TransferStatistics(1, 100, 3, 0, TimeSpan.Zero)));
        });
    }

    public void Cancel(long id) => _cancelled.Add(id);

    private ZoneContent Content(DomainName zone, uint serial)
    {
        (string, uint) key = (zone.Fold().ToString(), serial);
        if (!_contents.TryGetValue(key, out ZoneContent? content)) _contents[key] = content = SampleZones.Content(key.Item1, serial);
        return content;
    }

    private bool IsAway(MasterAddress address) => Away.Contains(address.Master.Name);

    private void Later(int mostMs, Action action) => sim.Schedule(sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(mostMs)), action);

    private static void Fail(TransferZone request, ReplyTo replyTo, TransferFailure failure, string code) =>
        replyTo.Tell(new TransferFailed(request.Id, request.Address, failure, new Reason(code, "as the simulation says")));
}
