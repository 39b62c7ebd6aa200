using Agent.Dns.Wire;

namespace Agent.Backends.DynamicUpdate;

/// <summary>
/// The serials that a zone passes while its server is brought to the wanted one by several messages. Each message sets a serial of its
/// own, since a server counts on where a message changes something and says nothing of the serial.
/// </summary>
/// <remarks>
/// Two rules. No state in between has the wanted serial, or a change that was cut would pass for a whole one. And each serial is newer than
/// the one before it (RFC 1982), or the server ignores it. So the wanted serial cannot be reached where the server has passed it already
/// (somebody edited the zone there), or where there are fewer serials up to it than messages: then the way ends beyond it, and
/// only a later serial of the master brings both together. To lead around by two large steps, as operators do by hand, would bring the
/// serial back, but named does not load a zone whose journal went around.
/// </remarks>
public static class SerialPath
{
    /// <summary>The serials in order, one for each message; the last is the wanted one, or one that is ahead of it.</summary>
    /// <param name="served">What the server has.</param>
    /// <param name="wanted">What it is to have.</param>
    /// <param name="messages">At least 1.</param>
    public static List<uint> Between(uint served, uint wanted, int messages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messages, 1);
        var serials = new List<uint>(messages);
        uint reached = served;
        for (int i = 1; i < messages; i++)
            serials.Add(reached = Next(reached, wanted));
        serials.Add(SerialNumber.IsNewer(wanted, reached) ? wanted : Next(reached, wanted));
        return serials;
    }

    private static uint Next(uint reached, uint wanted)
    {
        uint next = unchecked(reached + 1);
        return next == wanted ? unchecked(next + 1) : next;
    }
}
