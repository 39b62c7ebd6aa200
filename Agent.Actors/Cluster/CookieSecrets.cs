using System.Collections.Immutable;

namespace Agent.Actors.Cluster;

/// <summary>One secret of server cookies.</summary>
/// <param name="Octets">16 octets in hexadecimal digits.</param>
/// <param name="ActiveFrom">Since when new cookies are made with it, in seconds since 1970. Before that it is only accepted.</param>
public sealed record CookieSecret(string Octets, long ActiveFrom);

/// <summary>All secrets, in the order in which they become active: the value of a key of the cluster.</summary>
public sealed record CookieSecrets(ImmutableArray<CookieSecret> Secrets);
