using Agent.Dns.Zones;

namespace Agent.Actors.Backends;

/// <summary>
/// What is known of how a content came to be, for drivers that give their server differences. A help and no promise: what is not known, or
/// not any more, is null; the driver then looks at its server or gives it the whole. Any thread may ask.
/// </summary>
public interface IContentHistory
{
    /// <summary>What leads here from an earlier content, named by its hash; never more octets than the content itself has.</summary>
    /// <exception cref="IOException">The history cannot be read.</exception>
    DifferenceSequence? Find(ZoneContent content, ContentHash from);

    /// <summary>
    /// The same from the content that had this serial. Two contents may have had one serial, so this is for a server that does not show its
    /// records.
    /// </summary>
    /// <exception cref="IOException">The history cannot be read.</exception>
    DifferenceSequence? Find(ZoneContent content, uint fromSerial);
}
