using Agent.Actors.Backends;
using Agent.Dns.Wire;

namespace Agent.Actors.Zones;

/// <summary>
/// A target may not have the zone any more, or not as wanted: whoever owns it tells the target once more what is wanted, and the target
/// looks before it acts. Answered by <see cref="ZoneReply"/>, at once: that it was told says nothing of what the target finds.
/// </summary>
/// <param name="Target">Name by which all nodes know the target.</param>
public sealed record LookAtTarget(DomainName Zone, string Target) : ZoneMessage(Zone)
{
    /// <summary>How closely the target looks.</summary>
    public LookDepth Depth { get; init; }

    /// <summary>A node ordered the zone there that stood still behind that order: where nobody wants the zone any more, it is taken away.
    /// Else a zone that nobody wants is not ours to touch.</summary>
    public bool MayBeLeftover { get; init; }
}

/// <summary>Delete the zone if every master has refused it for as long as makes an orphan. Answered by <see cref="ZoneReply"/> when the
/// deletion is durable, or when nothing comes of it.</summary>
/// <param name="Origin">Who approves it.</param>
public sealed record RemoveOrphan(DomainName Zone, RequestOrigin Origin) : ZoneMessage(Zone)
{
    /// <inheritdoc/>
    public override bool ChangesWish => true;
}
