using System.Buffers.Binary;
using System.Text;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Dns.Catalogs;

/// <summary>Writes catalog zones (RFC 9432, version 2), and what leads from one version of a catalog to the next.</summary>
/// <remarks>The records are those that <see cref="CatalogReader"/> reads. No TTL is above zero, for nobody is to keep them.</remarks>
public static class CatalogWriter
{
    /// <summary>
    /// How consumers hold a catalog: they look for a new serial every five minutes in case a NOTIFY was lost, and never let it expire, for
    /// that would leave them without a word about zones that they go on serving.
    /// </summary>
    public static readonly SoaTimers Timers = new(300, 60, 2_147_483_646, 0);

    private const int CharacterStringMax = 255;

    // The RFC advises this name where no server is meant (section 4.1).
    private static readonly byte[] Nobody = [7, .. "invalid"u8, 0];

    private delegate void Put(ReadOnlySpan<byte> owner, RecordType type, ReadOnlySpan<byte> rdata);

    /// <summary>A whole catalog.</summary>
    /// <param name="name">Its apex.</param>
    /// <param name="serial">Its serial.</param>
    /// <param name="members">Each zone and each label once.</param>
    /// <exception cref="ArgumentException">A label or property does not fit below the name.</exception>
    public static MemoryZoneContent Write(DomainName name, uint serial, IEnumerable<CatalogMember> members)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(members);
        using var builder = ZoneContentBuilder.InMemory(ZoneContentLimits.None);
        void Append(ReadOnlySpan<byte> owner, RecordType type, ReadOnlySpan<byte> rdata) =>
            builder.TryAppend(owner, type, RecordClass.IN, 0, rdata);
        PutSoa(name, serial, Append);
        Append(name.Wire, RecordType.NS, Nobody);
        Append(Below(name, "version").Wire, RecordType.TXT, [1, (byte)'2']);
        DomainName zones = Below(name, "zones");
        foreach (CatalogMember member in members) PutMember(zones, member, Append);
        return builder.TryBuild(out MemoryZoneContent? content)
            ? content
            : throw new ArgumentException($"the catalog {name} cannot be written: {builder.Error.Text()}", nameof(members));
    }

    /// <summary>One step from a version to the next.</summary>
    /// <param name="name">Apex of the catalog.</param>
    /// <param name="from">The serial before.</param>
    /// <param name="to">The serial afterwards, which is newer.</param>
    /// <param name="deleted">Members as they stood before.</param>
    /// <param name="added">Members as they stand afterwards.</param>
    /// <exception cref="ArgumentException">A label or property does not fit below the name, or the serial is not newer.</exception>
    public static DifferenceSequence WriteDifference(
        DomainName name, uint from, uint to, IEnumerable<CatalogMember> deleted, IEnumerable<CatalogMember> added)
    {
        ArgumentNullException.ThrowIfNull(name);
        ArgumentNullException.ThrowIfNull(deleted);
        ArgumentNullException.ThrowIfNull(added);
        using var octets = new MemoryStream();
        byte[] buffer = new byte[StoredRecord.MaximumSize];
        void Append(ReadOnlySpan<byte> owner, RecordType type, ReadOnlySpan<byte> rdata) =>
            octets.Write(buffer, 0, StoredRecord.Write(buffer, owner, type, RecordClass.IN, 0, rdata));
        DomainName zones = Below(name, "zones");
        PutSoa(name, from, Append);
        foreach (CatalogMember member in deleted) PutMember(zones, member, Append);
        PutSoa(name, to, Append);
        foreach (CatalogMember member in added) PutMember(zones, member, Append);
        return DifferenceSequence.TryLoad(name, octets.ToArray(), out DifferenceSequence? step)
            ? step
            : throw new ArgumentException($"{to} is not newer than {from}", nameof(to));
    }

    private static void PutSoa(DomainName name, uint serial, Put put)
    {
        byte[] rdata = [.. Nobody, .. Nobody, .. new byte[SoaNumbers.Size]];
        Span<byte> tail = rdata.AsSpan(^SoaNumbers.Size..);
        BinaryPrimitives.WriteUInt32BigEndian(tail, serial);
        BinaryPrimitives.WriteUInt32BigEndian(tail[4..], Timers.RefreshSeconds);
        BinaryPrimitives.WriteUInt32BigEndian(tail[8..], Timers.RetrySeconds);
        BinaryPrimitives.WriteUInt32BigEndian(tail[12..], Timers.ExpireSeconds);
        BinaryPrimitives.WriteUInt32BigEndian(tail[16..], Timers.MinimumSeconds);
        put(name.Wire, RecordType.SOA, rdata);
    }

    private static void PutMember(DomainName zones, CatalogMember member, Put put)
    {
        DomainName node = Below(zones, member.Label);
        put(node.Wire, RecordType.PTR, member.Zone.Wire);
        foreach (string group in member.Groups) put(Below(node, "group").Wire, RecordType.TXT, TextOf(group));
        if (member.NextOwner is { } next) put(Below(node, "coo").Wire, RecordType.PTR, next.Wire);
    }

    private static byte[] TextOf(string text)
    {
        byte[] octets = Encoding.Latin1.GetBytes(text);
        using var strings = new MemoryStream();
        for (int at = 0; at == 0 || at < octets.Length; at += CharacterStringMax)
        {
            int length = Math.Min(CharacterStringMax, octets.Length - at);
            strings.WriteByte((byte)length);
            strings.Write(octets, at, length);
        }

        return strings.ToArray();
    }

    /// <param name="label">In presentation form.</param>
    private static DomainName Below(DomainName parent, string label) =>
        DomainName.TryParse(label + ".", out DomainName? alone) && alone.LabelCount == 1
            && parent.TryPrepend(alone.Wire[1..^1], out DomainName? child)
            ? child
            : throw new ArgumentException($"'{label}' is no label that has room below {parent}", nameof(label));
}
