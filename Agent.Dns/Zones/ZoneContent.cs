using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>What is known about a content without reading it again; computed once while it is written.</summary>
/// <param name="Apex">The zone's name, case as in the SOA's owner.</param>
/// <param name="Serial">The serial of the SOA.</param>
/// <param name="Soa">The timers of the SOA.</param>
/// <param name="SoaTtlSeconds">The TTL of the SOA record.</param>
/// <param name="RecordCount">All records, the SOA counted once.</param>
/// <param name="ByteCount">The length of the byte sequence.</param>
/// <param name="Hash">SHA-256 of the byte sequence.</param>
public sealed record ZoneFacts(
    DomainName Apex, uint Serial, SoaTimers Soa, uint SoaTtlSeconds, long RecordCount, long ByteCount, ContentHash Hash);

/// <summary>
/// A handle on the whole data of a zone: uncompressed resource records back to back, the SOA first and not repeated at the end.
/// Immutable and safe to share; where the bytes lie is the subclass's business. They were checked when they were written
/// (<see cref="ZoneContentBuilder"/>), yet every reader still looks at <see cref="RecordStream.Error"/>: a disk may lie.
/// </summary>
public abstract class ZoneContent
{
    /// <summary>Makes a handle with the facts that the builder computed.</summary>
    protected ZoneContent(ZoneFacts facts) => Facts = facts;

    /// <summary>All facts together.</summary>
    public ZoneFacts Facts { get; }

    /// <summary>The zone's name.</summary>
    public DomainName Apex => Facts.Apex;

    /// <summary>The serial of the SOA.</summary>
    public uint Serial => Facts.Serial;

    /// <summary>The timers of the SOA.</summary>
    public SoaTimers Soa => Facts.Soa;

    /// <summary>The number of records, the SOA counted once.</summary>
    public long RecordCount => Facts.RecordCount;

    /// <summary>The length of the byte sequence.</summary>
    public long ByteCount => Facts.ByteCount;

    /// <summary>SHA-256 of the byte sequence.</summary>
    public ContentHash Hash => Facts.Hash;

    /// <summary>
    /// What led to this content from the one held before, while nobody has kept it yet; null for a content that came otherwise. Who keeps
    /// it lets go of it, so that an idle zone costs no more than its facts.
    /// </summary>
    public ContentOrigin? Origin { get; set; }

    /// <summary>
    /// Whether the zone is signed, where somebody has looked already, so that nobody reads the content for that once more. Its octets never
    /// change, so whoever looks finds the same.
    /// </summary>
    public ContentSigning Signing { get; set; }

    /// <summary>Where the octets lie for good, so that whoever keeps the facts can let go of this handle and make another one; null while
    /// they lie nowhere but here.</summary>
    public virtual ZoneContentPlace? Place => null;

    /// <summary>Reads from the first record on. Every call gives an independent stream, which the caller disposes.</summary>
    public abstract RecordStream Open();

    /// <summary>Apex, serial and size for logs.</summary>
    public override string ToString() => $"{Apex} serial {Serial}, {RecordCount} records";
}

/// <summary>What is known about the signatures of a content (<see cref="ApexTraits.IsSigned"/>).</summary>
public enum ContentSigning : byte
{
    /// <summary>Nobody has looked.</summary>
    Unknown = 0,

    /// <summary>It has no keys, or no signature over its SOA.</summary>
    Unsigned = 1,

    /// <summary>It has both.</summary>
    Signed = 2,
}

/// <summary>Where contents lie: makes handles of what is known about them. One object for all contents of a store; for any
/// thread.</summary>
public abstract class ZoneContentPlace
{
    /// <summary>A handle on the content of these facts. Nothing is read before it is opened.</summary>
    public abstract ZoneContent Content(ZoneFacts facts);
}

/// <summary>How a content came to be from another one.</summary>
/// <param name="From">The hash of the content before it.</param>
/// <param name="Differences">What leads from that to this; null when that had the same serial, so that nobody can be led from one to the
/// other: the serial does not tell which of them he has.</param>
public sealed record ContentOrigin(ContentHash From, DifferenceSequence? Differences);
