using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>What the apex of a zone has. Who writes a content record by record knows it (<see cref="ZoneContentBuilder.Traits"/>); of any
/// other it is found in one reading.</summary>
/// <param name="HasNameServer">There is an NS record.</param>
/// <param name="HasKey">There is a DNSKEY record.</param>
/// <param name="HasSignature">There is a signature over the SOA.</param>
/// <param name="HasDigest">There is a ZONEMD record.</param>
public readonly record struct ApexTraits(bool HasNameServer, bool HasKey, bool HasSignature, bool HasDigest)
{
    /// <summary>A resolver that trusts the zone's keys can check it.</summary>
    public bool IsSigned => HasKey && HasSignature;

    /// <summary>The same as a content keeps it.</summary>
    public ContentSigning Signing => IsSigned ? ContentSigning.Signed : ContentSigning.Unsigned;

    /// <summary>Reads a content until everything is found, or to its end, and notes on it whether it is signed.</summary>
    /// <exception cref="IOException">The content cannot be read, or is damaged.</exception>
    public static ApexTraits Of(ZoneContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        ReadOnlySpan<byte> apex = content.Apex.Wire;
        using RecordStream records = content.Open();
        ApexTraits found = default;
        while (found is not { HasNameServer: true, IsSigned: true, HasDigest: true } && records.TryRead(out StoredRecord record))
            found = found.With(apex, record.Owner, record.Type, record.Rdata);
        if (records.Error != ZoneContentError.None)
            throw new IOException($"The content of {content.Apex} with serial {content.Serial} is damaged: {records.Error.Text()}.");
        content.Signing = found.Signing;
        return found;
    }

    /// <summary>With one record more, wherever in the zone it is.</summary>
    internal ApexTraits With(ReadOnlySpan<byte> apex, ReadOnlySpan<byte> owner, RecordType type, ReadOnlySpan<byte> rdata)
    {
        if (owner.Length != apex.Length || !NameBytes.Equal(owner, apex))
            return this;
        return type switch
        {
            RecordType.NS => this with { HasNameServer = true },
            RecordType.DNSKEY => this with { HasKey = true },
            RecordType.ZONEMD => this with { HasDigest = true },
            RecordType.RRSIG when CanonicalRecord.CoveredType(type, rdata) == RecordType.SOA => this with { HasSignature = true },
            _ => this,
        };
    }
}
