using Agent.Dns.Wire;
using Agent.Dns.Zones;

namespace Agent.Host.Journal;

/// <summary>
/// What led from each content of a zone to the next, as far back as the journal's bounds reach. Any thread may read; what is not there any
/// more is simply missing, for a history is a help and no promise.
/// </summary>
public interface IDifferenceHistory
{
    /// <summary>The zone's differences, the newest first, without their records.</summary>
    /// <exception cref="IOException">The journal cannot be read.</exception>
    IReadOnlyList<DifferenceRow> Find(DomainName zone);

    /// <summary>The records of one; null when it has gone meanwhile.</summary>
    /// <exception cref="IOException">The journal cannot be read, or the row is damaged.</exception>
    DifferenceSequence? Read(DomainName zone, DifferenceRow row);
}

/// <summary>One difference of a zone's history.</summary>
/// <param name="Id">Number of the row; later ones are larger.</param>
/// <param name="From">The content that it starts from.</param>
/// <param name="To">The content that it leads to.</param>
/// <param name="FromSerial">The serial of the first.</param>
/// <param name="ToSerial">The serial of the second. The same as the first where one took the other's place under its serial, which no
/// records lead from and to.</param>
/// <param name="Bytes">Octets of its records.</param>
public readonly record struct DifferenceRow(long Id, ContentHash From, ContentHash To, uint FromSerial, uint ToSerial, int Bytes);
