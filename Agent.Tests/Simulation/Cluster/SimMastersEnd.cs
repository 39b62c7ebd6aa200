using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;
using Agent.Actors.Reasons;
using Agent.Actors.Transfers;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>A node's way to the masters, which all nodes ask: with request numbers of its own, and masters that only this node cannot
/// reach.</summary>
internal sealed class SimMastersEnd(SimScheduler sim, SimNode node, SimMasters masters)
    : SimPort(sim, node, sim.Faults.Fork()), IMasterClient
{
    private static readonly TimeSpan Way = TimeSpan.FromMilliseconds(2);
    private static readonly Reason NotThere = new(ReasonCode.NoMaster, "no answer");

    private readonly string _self = $"{node.Name} {node.Lives}";

    /// <summary>Names of masters that this node cannot reach.</summary>
    public HashSet<string> Cut { get; } = [];

    public void Resolve(ResolveMaster request, ReplyTo replyTo)
    {
        if (TryCall()) Leave(Way, () => masters.Resolve(request, answer => Return(replyTo, answer)));
    }

    public void AskSoa(AskSoa request, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        if (!Cut.Contains(request.Address.Master.Name)) Leave(Way, () => masters.AskSoa(request, answer => Return(replyTo, answer)));
        else Reach(Node.PausedFor + request.Timeout, () => replyTo.Tell(
            new SoaAnswered(request.Id, request.Address, SoaOutcome.Unreachable, 0, NotThere)));
    }

    public void Transfer(TransferZone request, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        if (!Cut.Contains(request.Address.Master.Name)) Leave(Way, () => masters.Transfer(_self, request, a => Return(replyTo, a)));
        else Reach(Node.PausedFor + request.Limits.ConnectTimeout, () => replyTo.Tell(
            new TransferFailed(request.Id, request.Address, TransferFailure.Unreachable, NotThere)));
    }

    public void Cancel(long id)
    {
        if (TryCall()) masters.Cancel(_self, id);
    }

    private void Return(ReplyTo replyTo, object answer) => Reach(Random.NextTimeSpan(Way), () => replyTo.Tell(answer));
}
