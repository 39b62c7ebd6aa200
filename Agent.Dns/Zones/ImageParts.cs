using System.Runtime.CompilerServices;

namespace Agent.Dns.Zones;

/// <summary>What an image consists of.</summary>
/// <param name="Pages">Names and sets in canonical order; none is empty.</param>
/// <param name="Names">For each name its key and then its labels.</param>
/// <param name="Rdata">The RDATA of the sets.</param>
internal sealed record ImageParts(ImagePage[] Pages, ByteArena Names, ByteArena Rdata)
{
    private const int ObjectBytes = 24;
    private const int PageObjects = 3;

    /// <summary>Bytes of both arenas that belong to names and sets of versions that are gone.</summary>
    public long DeadBytes { get; init; }

    /// <summary>The bytes that all of it takes.</summary>
    public long MemoryBytes
    {
        get
        {
            long bytes = Names.Capacity + Rdata.Capacity + Pages.Length * (long)(IntPtr.Size + PageObjects * ObjectBytes);
            foreach (ImagePage page in Pages)
                bytes += page.Nodes.Length * (long)Unsafe.SizeOf<ImageNode>() + page.Rrsets.Length * (long)Unsafe.SizeOf<ImageRrset>();
            return bytes;
        }
    }
}
