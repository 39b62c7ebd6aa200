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
    private readonly HashSet<(string? By, long Id)> _cancelled = [];

    public SortedDictionary<DomainName, uint> Zones { get; } = [];

    public HashSet<string> Away { get; } = [];

    /// <summary>Every SOA question that was put to a master that answers, since the list was last cleared.</summary>
    public List<(TimeSpan At, string Master)> Asked { get; } = [];

    public double BreakChance { get; set; }

    /// <summary>Zones whose transfer stands still for a long time.</summary>
    public HashSet<DomainName> Slow { get; } = [];

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

        bool slow = Slow.Contains(request.Zone);
        if (slow) Later(100, () => answer(new TransferMoving(request.Id, 1000, 10)));
        Later(slow ? 60_000 : 40, () =>
        {
            if (_cancelled.Remove((by, request.Id))) Fail(request, answer, TransferFailure.GivenUp, ReasonCode.TransferBroken);
            else if (sim.Faults.Chance(BreakChance)) Fail(request, answer, TransferFailure.Broken, ReasonCode.TransferBroken);
            else if (!Zones.TryGetValue(request.Zone, out uint serial))
                Fail(request, answer, TransferFailure.Refused, ReasonCode.TransferRefused);
            else answer(
                new TransferCompleted(request.Id, request.Address, Content(request.Zone, serial),
                new TransferStatistics(1, 100, 3, 0, TimeSpan.Zero)));
        });
    }

    public void Cancel(string? by, long id) => _cancelled.Add((by, id));

    private ZoneContent Content(DomainName zone, uint serial)
    {
        (string, uint) key = (zone.Fold().ToString(), serial);
        if (!_contents.TryGetValue(key, out ZoneContent? content)) _contents[key] = content = SampleZones.Content(key.Item1, serial);
        return content;
    }

    private bool IsAway(MasterAddress address) => Away.Contains(address.Master.Name);

    private void Later(int mostMs, Action action) => sim.Schedule(sim.Faults.NextTimeSpan(TimeSpan.FromMilliseconds(mostMs)), action);

    private static void Fail(TransferZone request, Action<object> answer, TransferFailure failure, string code) =>
        answer(new TransferFailed(request.Id, request.Address, failure, new Reason(code, "as the simulation says")));
}
