using System.Net;
using Agent.Dns.Wire;

namespace Agent.Backends.Catalog;

/// <summary>Settings of the driver <c>catalog</c>.</summary>
/// <param name="Name">Apex of the catalog zone, the same at all consumers.</param>
/// <param name="Consumers">Where they answer DNS and hear NOTIFY; at least one.</param>
/// <param name="Folder">Where the catalog is kept between runs; it exists.</param>
public sealed record CatalogOptions(DomainName Name, IReadOnlyList<EndPoint> Consumers, string Folder)
{
    /// <summary>So many consumers must serve a change before it counts as served; 0: all.</summary>
    public int Quorum { get; init; }

    /// <summary>Names the zones that belong to the target by what the journal says; asked once, before anything is published.</summary>
    public required Func<CancellationToken, Task<IReadOnlyCollection<DomainName>>> ReadWanted { get; init; }

    /// <summary>The quorum as a number of consumers.</summary>
    internal int Required => Quorum == 0 ? Consumers.Count : Quorum;
}
