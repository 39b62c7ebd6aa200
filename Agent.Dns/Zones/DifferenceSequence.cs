using System.Diagnostics.CodeAnalysis;
using Agent.Dns.Wire;

namespace Agent.Dns.Zones;

/// <summary>
/// What leads from one version of a zone to a later one in one or more steps, as an IXFR carries it between its first and its last SOA
/// (RFC 1995 section 4): for each step the old SOA, the records deleted, the new SOA, the records added; in the stored form, back to
/// back. Immutable and safe to share.
/// </summary>
public sealed class DifferenceSequence
{
    private readonly byte[] _octets;
    private readonly (uint Serial, int Offset)[] _steps;

    private DifferenceSequence(byte[] octets, (uint Serial, int Offset)[] steps, uint toSerial, long deleted, long added)
    {
        _octets = octets;
        _steps = steps;
        ToSerial = toSerial;
        DeletedCount = deleted;
        AddedCount = added;
    }

    /// <summary>The serial that it starts from.</summary>
    public uint FromSerial => _steps[0].Serial;

    /// <summary>The serial that it leads to.</summary>
    public uint ToSerial { get; }

    /// <summary>The versions that it passes, the first one not counted.</summary>
    public int StepCount => _steps.Length;

    /// <summary>Records that its steps delete, the SOAs not counted.</summary>
    public long DeletedCount { get; }

    /// <summary>Records that its steps add, the SOAs not counted.</summary>
    public long AddedCount { get; }

    /// <summary>The records themselves.</summary>
    public ReadOnlyMemory<byte> Octets => _octets;

    /// <summary>
    /// Takes records as they came or lay; the array is kept. False unless they are whole steps of the zone, each leading from where the one
    /// before it ended to a newer serial.
    /// </summary>
    public static bool TryLoad(DomainName apex, byte[] octets, [NotNullWhen(true)] out DifferenceSequence? sequence)
    {
        sequence = null;
        var steps = new List<(uint Serial, int Offset)>();
        bool isAdding = true;
        uint reached = 0;
        Span<long> counts = [0, 0];
        using var records = new RecordStream(octets);
        for (int offset = 0; records.TryRead(out StoredRecord record); offset = (int)records.Position)
        {
            if (record.Type != RecordType.SOA)
            {
                if (steps.Count == 0)
                    return false;
                counts[isAdding ? 1 : 0]++;
                continue;
            }
            if (!NameBytes.Equal(record.Owner, apex.Wire) || !SoaNumbers.TryRead(record.Rdata, out SoaNumbers soa))
                return false;
            isAdding = !isAdding;
            if (isAdding ? !SerialNumber.IsNewer(soa.Serial, reached) : steps.Count > 0 && soa.Serial != reached)
                return false;
            if (!isAdding)
                steps.Add((soa.Serial, offset));
            reached = soa.Serial;
        }
        if (records.Error != ZoneContentError.None || steps.Count == 0 || !isAdding)
            return false;
        sequence = new DifferenceSequence(octets, [.. steps], reached, counts[0], counts[1]);
        return true;
    }

    /// <summary>The records from the step on that starts at a serial; false when no step does.</summary>
    public bool TryFrom(uint serial, out ReadOnlyMemory<byte> octets)
    {
        int step = Array.FindIndex(_steps, s => s.Serial == serial);
        octets = step < 0 ? default : _octets.AsMemory(_steps[step].Offset);
        return step >= 0;
    }
}
