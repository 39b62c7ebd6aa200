namespace Agent.Actors.Cluster;

/// <summary>A message for an entity, on its way to the node that owns its shard.</summary>
/// <param name="Request">Number given by the sending node; the same for each try.</param>
/// <param name="Shard">Number of the shard.</param>
/// <param name="Epoch">The epoch under which the receiver is believed to own it; under any other it refuses.</param>
/// <param name="Message">The message itself.</param>
public sealed record RouteRequest(long Request, int Shard, long Epoch, IShardKeyed Message);

/// <summary>The owner has handed the message to its entity; the answer follows.</summary>
public sealed record RouteAccepted(long Request);

/// <summary>The entity's answer.</summary>
public sealed record RouteAnswer(long Request, object Answer);

/// <summary>The receiver does not own the shard under that epoch, or gave it up before there was an answer: look again and send it to the
/// owner.</summary>
public sealed record RouteRefused(long Request);

/// <summary>A question to all shards of a node, such as a list; answered by one <see cref="ShardsAnswer"/> for each shard it owns and
/// one <see cref="ShardsAnswered"/>.</summary>
public sealed record AskShards(long Request, object Question);

/// <summary>One shard's answer to <see cref="AskShards"/>.</summary>
public sealed record ShardsAnswer(long Request, object Answer);

/// <summary>How many shards the node was asked about by <see cref="AskShards"/>.</summary>
public sealed record ShardsAnswered(long Request, int Shards);
