using System.Collections.Immutable;
using System.Net;

namespace Agent.Actors.Transfers;

/// <summary>What a pass wants done.</summary>
public abstract record PassEffect;

/// <summary>Ask for the SOA.</summary>
public sealed record AskAddress(MasterAddress Address) : PassEffect;

/// <summary>Wait a little for the other answers.</summary>
public sealed record StartGrace : PassEffect;

/// <summary>Wait so long, then go on with the same master.</summary>
public sealed record PauseFor(TimeSpan Duration) : PassEffect;

/// <summary>Ask the budget for leave.</summary>
public sealed record TakeLeave(IPEndPoint EndPoint) : PassEffect
{
    /// <summary>Addresses that have the same, for when the first is full.</summary>
    public ImmutableArray<IPEndPoint> Others { get; init; } = [];
}

/// <summary>Wait no longer than a little for leave at the notifier: others may have the same.</summary>
public sealed record StartHintPatience : PassEffect;

/// <summary>Give the leave back.</summary>
public sealed record GiveLeaveBack : PassEffect;

/// <summary>Transfer the zone, and ask for its life where the master has told it before.</summary>
public sealed record TransferFrom(MasterAddress Address, bool AsksExpire) : PassEffect;

/// <summary>Tell the directory what an address did.</summary>
public sealed record TellDirectory(MasterHeard Heard) : PassEffect;

/// <summary>The pass is over.</summary>
public sealed record PassEnded(PassResult Result) : PassEffect;
