using System.Collections.Concurrent;

namespace Agent.Dns.Tsig;

/// <summary>When each key last proved good, and what last went wrong with it.</summary>
/// <remarks>Holds one entry for each key that was ever configured, whatever peers send. Any thread.</remarks>
public sealed class TsigLedger
{
    private readonly ConcurrentDictionary<string, TsigKeyUse> _uses = new(StringComparer.Ordinal);

    /// <summary>The entry of a key; a key that was replaced under the same name goes on with it.</summary>
    public TsigKeyUse Of(TsigKey key)
    {
        ArgumentNullException.ThrowIfNull(key);
        return _uses.GetOrAdd(key.Name.ToString(), static _ => new TsigKeyUse());
    }
}

/// <summary>What became of one key. Any thread; of what happens in the same second one is kept.</summary>
public sealed class TsigKeyUse
{
    private long _lastGood;
    private volatile TsigKeyFailure? _lastFailure;

    /// <summary>When a message under the key was last verified; null if never.</summary>
    public DateTimeOffset? LastGood =>
        Volatile.Read(ref _lastGood) is var seconds and > 0 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>The last thing that went wrong; null if nothing has.</summary>
    public TsigKeyFailure? LastFailure => _lastFailure;

    /// <summary>Notes a message that was verified.</summary>
    public void Good(ulong nowSeconds) => Volatile.Write(ref _lastGood, (long)nowSeconds);

    /// <summary>Notes what was wrong. A flood of forgeries costs one text a second.</summary>
    public void Failed<TState>(ulong nowSeconds, TState state, Func<TState, string> reason)
    {
        ArgumentNullException.ThrowIfNull(reason);
        DateTimeOffset now = DateTimeOffset.FromUnixTimeSeconds((long)nowSeconds);
        if (_lastFailure is { } known && known.At == now) return;
        _lastFailure = new TsigKeyFailure(now, reason(state));
    }
}

/// <summary>A failure and when it was.</summary>
public sealed record TsigKeyFailure(DateTimeOffset At, string Reason);
