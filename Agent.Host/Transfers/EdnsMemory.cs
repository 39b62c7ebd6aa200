using System.Collections.Concurrent;
using System.Net;

namespace Agent.Host.Transfers;

/// <summary>
/// Which masters understand an OPT. Old ones answer FORMERR, hang up, or stay silent: of an address that has never answered one, the second
/// try goes without. One that has is asked with it every time, so that a lost datagram does not cost what the OPT asks for.
/// </summary>
internal sealed class EdnsMemory(TimeProvider clock)
{
    private static readonly TimeSpan Remembered = TimeSpan.FromHours(1);

    private readonly ConcurrentDictionary<IPEndPoint, (bool Speaks, long At)> _known = new();

    /// <summary>Whether to add an OPT to a question.</summary>
    /// <param name="endPoint">Who is asked.</param>
    /// <param name="isFirst">The first try of a question.</param>
    public bool Use(IPEndPoint endPoint, bool isFirst)
    {
        if (!_known.TryGetValue(endPoint, out (bool Speaks, long At) known)) return isFirst;
        if (known.Speaks) return true;
        return isFirst && clock.GetElapsedTime(known.At) > Remembered;
    }

    /// <summary>An answer came to a question with an OPT.</summary>
    public void Heard(IPEndPoint endPoint, bool hasOpt) => _known[endPoint] = (hasOpt, clock.GetTimestamp());

    /// <summary>No answer came at all: perhaps another server stands there when one comes.</summary>
    public void Silent(IPEndPoint endPoint) => _known.TryRemove(endPoint, out _);
}
