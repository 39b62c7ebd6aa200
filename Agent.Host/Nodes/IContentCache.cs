using Agent.Dns.Zones;

namespace Agent.Host.Nodes;

/// <summary>Where contents lie that come from other nodes, and where they are looked for before they are fetched.</summary>
/// <remarks>Called from many threads at a time.</remarks>
public interface IContentCache
{
    /// <summary>A content that this node holds; null when it does not, or cannot say so quickly. Never throws.</summary>
    ZoneContent? TryOpen(ContentHash hash);

    /// <summary>A place for a new content. What is disposed before it is committed leaves nothing.</summary>
    /// <exception cref="IOException">There is no room.</exception>
    IContentDraft Begin();
}

/// <summary>A content that is being written.</summary>
public interface IContentDraft : IDisposable
{
    /// <summary>Takes the octets; closed by the draft.</summary>
    Stream Destination { get; }

    /// <summary>All octets are written and were found to have these facts. It stays as long as its handle is referred to.</summary>
    /// <exception cref="IOException">The last octets could not be written.</exception>
    ZoneContent Commit(ZoneFacts facts);
}
