using System.Text;
using Agent.Actors.Cluster;
using Agent.Actors.Kernel;
using Agent.Actors.Kernel.Simulation;

namespace Agent.Tests.Simulation.Cluster;

/// <summary>Answers for a node after a while: who it is, and what it was asked.</summary>
internal sealed class SimDesk(SimScheduler sim, SimNode node) : SimPort(sim, node, sim.Faults.Fork()), INodeDesk
{
    private static readonly TimeSpan Work = TimeSpan.FromMilliseconds(500);

    public void Answer(NodeQuestion question, ReplyTo replyTo)
    {
        if (!TryCall()) return;
        Reach(Random.NextTimeSpan(Work), () => replyTo.Tell(
            new NodeAnswer(question.Request, 200, [.. Encoding.UTF8.GetBytes($"{Node.Name} {question.Target}")])));
    }
}
