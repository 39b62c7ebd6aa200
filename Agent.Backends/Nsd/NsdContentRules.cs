using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using Agent.Dns.Records;
using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Backends.Nsd;

/// <summary>
/// What nsd does not load from a zone file although a master may send it. It notices while it reads, and then has nothing of the zone any
/// more: neither the new version nor the old one. So the content is looked at before the file is touched.
/// </summary>
/// <remarks>
/// Names are held by their hash of 64 bits, and only those that have a CNAME or DNAME: sixteen octets each. Contents without any are read
/// once.
/// </remarks>
public static class NsdContentRules
{
    /// <summary>Why nsd would not load the content; null when nothing is known against it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static string? Objection(ZoneContent content)
    {
        ArgumentNullException.ThrowIfNull(content);
        Dictionary<ulong, ulong> aliases = [];
        Dictionary<ulong, ulong> redirections = [];
        using (RecordStream records = content.Open())
        {
            while (records.TryRead(out StoredRecord record))
            {
                if (record.Type is not (RecordType.CNAME or RecordType.DNAME))
                    continue;
                Dictionary<ulong, ulong> known = record.Type == RecordType.CNAME ? aliases : redirections;
                ulong owner = NameHash.Of(record.Owner);
                ulong destination = NameHash.Of(record.Rdata);
                if (!known.TryAdd(owner, destination) && known[owner] != destination)
                    return $"several {RecordTypeText.ToText(record.Type)} records at {NameOf(record.Owner)}";
            }
        }

        return aliases.Count + redirections.Count == 0 ? null : Neighbours(content, new NameFilter(aliases.Keys), aliases, redirections);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static string? Neighbours(
        ZoneContent content, NameFilter filter, Dictionary<ulong, ulong> aliases, Dictionary<ulong, ulong> redirections)
    {
        using RecordStream records = content.Open();
        while (records.TryRead(out StoredRecord record))
        {
            if (!MayStandBesideAlias(record.Type))
            {
                ulong owner = NameHash.Of(record.Owner);
                if (filter.MayHave(owner) && aliases.ContainsKey(owner))
                    return $"{RecordTypeText.ToText(record.Type)} beside the CNAME at {NameOf(record.Owner)}";
            }

            if (redirections.Count > 0 && !IsOfHashedDenial(record) && IsBelow(record.Owner, content.Apex.Wire.Length, redirections))
                return $"data below a DNAME: {NameOf(record.Owner)}";
        }

        return null;
    }

    private static bool MayStandBesideAlias(RecordType type) =>
        type is RecordType.CNAME or RecordType.RRSIG or RecordType.NSEC or RecordType.NSEC3 or RecordType.SIG or RecordType.NXT;

    private static bool IsOfHashedDenial(in StoredRecord record) => record.Type == RecordType.NSEC3
        || (record.Type == RecordType.RRSIG && record.Rdata.Length >= sizeof(ushort)
            && (RecordType)BinaryPrimitives.ReadUInt16BigEndian(record.Rdata) == RecordType.NSEC3);

    private static bool IsBelow(ReadOnlySpan<byte> owner, int apexLength, Dictionary<ulong, ulong> redirections)
    {
        while (owner.Length > apexLength)
        {
            owner = owner[(owner[0] + 1)..];
            if (redirections.ContainsKey(NameHash.Of(owner)))
                return true;
        }

        return false;
    }

    private static string NameOf(ReadOnlySpan<byte> wire) => DomainName.TryFromWire(wire, out DomainName? name) ? name.ToString() : "?";

    /// <summary>
    /// Says of most names that they are none of a set, by one bit in sixteen for each of it: a table that the processor has at hand,
    /// where the set itself has to be fetched from memory for each question.
    /// </summary>
    private sealed class NameFilter
    {
        private const int BitsForEach = 16;
        private const int BitsInWord = 64;

        private readonly ulong[] _words;

        public NameFilter(Dictionary<ulong, ulong>.KeyCollection names)
        {
            _words = new ulong[BitOperations.RoundUpToPowerOf2((uint)((names.Count / (BitsInWord / BitsForEach)) + 1))];
            foreach (ulong name in names)
                WordOf(name) |= BitOf(name);
        }

        public bool MayHave(ulong name) => (WordOf(name) & BitOf(name)) != 0;

        private static ulong BitOf(ulong name) => 1UL << (int)(name & (BitsInWord - 1));

        private ref ulong WordOf(ulong name) => ref _words[(name / BitsInWord) & (ulong)(_words.Length - 1)];
    }
}
