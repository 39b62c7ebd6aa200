using Agent.Actors.Cluster;
using Agent.Actors.Kernel;

namespace Agent.Actors.Backends;

/// <summary>Stands for the owner of a zone on another node: what a target tells it goes over the link.</summary>
internal sealed class TargetReporter(INodeTransport transport, string node, string target, long request) : RemoteActorRef
{
    public override string Path => $"/nodes/{node}/targets/{target}/{request}";

    public override void Tell(object message, IActorRef? sender = null)
    {
        if (message is TargetReport report) transport.Send(node, new ReportOfTarget(request, target, report));
        else if (message is WishTaken taken) transport.Send(node, taken);
    }
}

/// <summary>
/// Gives the wishes for one remote target their numbers: each larger than all before it, also after the actor or the directory above it
/// broke, and such that the number says to whom an answer goes.
/// </summary>
/// <param name="place">Place of the target among those of the directory.</param>
internal sealed class WishNumbers(int place)
{
    public const int PlacesMax = 1 << PlaceBits;

    private const int PlaceBits = 12;

    private long _last;

    public static int PlaceOf(long request) => (int)(request & (PlacesMax - 1));

    public long Next(TimeSpan now)
    {
        _last = Math.Max(_last + 1, now.Ticks / TimeSpan.TicksPerMicrosecond);
        return (_last << PlaceBits) | (uint)place;
    }
}
