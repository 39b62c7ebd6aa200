namespace Agent.Actors.Cluster;

/// <summary>A message that belongs to one entity, and so to one shard.</summary>
public interface IShardKeyed
{
    /// <summary>Stable 64-bit hash of the entity's name; the same on every node and in every run.</summary>
    ulong ShardKey { get; }

    /// <summary>
    /// Whether it says what is wanted of the entity: it may wait longer for an owner, and must not be repeated behind a later one
    /// that was answered already.
    /// </summary>
    bool ChangesWish => false;
}

/// <summary>An answer of an entity that may have been cut off by a change of owner.</summary>
public interface IEntityAnswer
{
    /// <summary>Nothing is known of what was asked: the entity's actor ended. At another owner the question can be asked again.</summary>
    bool IsInterrupted { get; }

    /// <summary>The owner that was asked is not the owner any more, whatever it believes; only another one can answer.</summary>
    bool IsFromFormerOwner { get; }
}
