using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>What the apex of a zone has, found in one reading without keeping anything.</summary>
/// <param name="HasNameServer">There is an NS record.</param>
/// <param name="HasKey">There is a DNSKEY record.</param>
/// <param name="HasSignature">There is a signature over the SOA.</param>
public readonly record struct ApexTraits(bool HasNameServer, bool HasKey, bool HasSignature)
{
    /// <summary>A resolver that trusts the zone's keys can check it.</summary>
    public bool IsSigned => HasKey && HasSignature;

    /// <summary>Reads a content until everything is found, or to its end, and notes on it whether it is signed.</summary>
    /// <exception cref="IOException">The content cannot be read, or is damaged.</exception>
    public static ApexTraits Of(ZoneContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        ReadOnlySpan<byte> apex = content.Apex.Wire;
        using RecordStream records = content.Open();
        ApexTraits found = default;
        while (found is not { HasNameServer: true, IsSigned: true } && records.TryRead(out StoredRecord record))
        {
            // Length first: nearly every record of a large zone is passed over by that alone.
            if (record.Owner.Length != apex.Length || !NameBytes.Equal(record.Owner, apex))
                continue;
            found = record.Type switch
            {
                RecordType.NS => found with { HasNameServer = true },
                RecordType.DNSKEY => found with { HasKey = true },
                RecordType.RRSIG when CanonicalRecord.CoveredType(record.Type, record.Rdata) == RecordType.SOA =>
                    found with { HasSignature = true },
                _ => found,
            };
        }
        if (records.Error != ZoneContentError.None)
            throw new IOException($"The content of {content.Apex} with serial {content.Serial} is damaged: {records.Error.Text()}.");
        content.Signing = found.IsSigned ? ContentSigning.Signed : ContentSigning.Unsigned;
        return found;
    }
}
