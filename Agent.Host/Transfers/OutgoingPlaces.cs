using System.Net;

namespace Agent.Host.Transfers;

/// <summary>Bounds of outgoing transfers.</summary>
/// <param name="InAll">At a time; each holds a quarter of a MiB while it lasts.</param>
/// <param name="PerClient">At a time to one address, so that one client leaves room for the others.</param>
/// <param name="TotalTimeout">Time that every transfer gets.</param>
/// <param name="MinimumBytesPerSecond">Beyond that time the client must have taken this much per second.</param>
public sealed record OutgoingLimits(int InAll, int PerClient, TimeSpan TotalTimeout, long MinimumBytesPerSecond)
{
    /// <summary>As in reference.conf.</summary>
    public static OutgoingLimits Default { get; } = new(64, 8, TimeSpan.FromMinutes(2), 65536);
}

/// <summary>Counts the outgoing transfers under way.</summary>
internal sealed class OutgoingPlaces(OutgoingLimits limits)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<IPAddress, int> _taken = [];
    private int _inAll;

    /// <summary>Takes a place for a client; false when it or all together have as many as they may.</summary>
    public bool TryTake(IPAddress client)
    {
        lock (_gate)
        {
            int held = _taken.GetValueOrDefault(client);
            if (_inAll >= limits.InAll || held >= limits.PerClient)
                return false;
            _inAll++;
            _taken[client] = held + 1;
            return true;
        }
    }

    /// <summary>Gives a place back.</summary>
    public void Return(IPAddress client)
    {
        lock (_gate)
        {
            _inAll--;
            if (--_taken[client] == 0)
                _taken.Remove(client);
        }
    }
}
