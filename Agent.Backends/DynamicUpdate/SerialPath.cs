using Agent.Dns.Wire;

namespace Agent.Backends.DynamicUpdate;

/// <summary>
/// The serials that a zone passes while its server is brought to the wanted one by several messages. Each message sets a serial of its
/// own, since a server counts on where a message changes something and says nothing of the serial.
/// </summary>
/// <remarks>
/// Two rules. No state in between has the wanted serial, or a change that was cut would pass for a whole one. And each serial is newer than
/// the one before it (RFC 1982), or the server ignores it; where the wanted one is not newer than what the server has (somebody edited
/// the zone there), the way leads once around: one step by the largest increment, from where the wanted serial is newer again
/// (RFC 1912 section 3.1 describes it for operators). A secondary of that server follows each step that it sees.
/// </remarks>
public static class SerialPath
{
    /// <summary>The serials in order; the last is the wanted one.</summary>
    /// <param name="served">What the server has.</param>
    /// <param name="wanted">What it is to have.</param>
    /// <param name="messages">Messages that carry changes, at least 1. There may be more serials than that: the ones between the last
    /// but one change and the last belong to messages that change nothing else.</param>
    public static List<uint> Between(uint served, uint wanted, int messages)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(messages, 1);
        var serials = new List<uint>(messages + 2);
        uint reached = served;
        for (int i = 1; i < messages; i++)
            Add(Next(reached, wanted));
        if (!SerialNumber.IsNewer(wanted, reached))
        {
            // Two ahead of the wanted one at least, or the largest step would not come to where that is newer again.
            while (unchecked(reached - wanted) < 2)
                Add(unchecked(reached + 1));
            if (SerialNumber.Compare(wanted, reached) == SerialOrder.Undefined)
                Add(unchecked(reached + 1));
            else
                Add(SerialNumber.Add(reached, SerialNumber.MaximumIncrement));
        }

        Add(wanted);
        return serials;

        void Add(uint serial)
        {
            serials.Add(serial);
            reached = serial;
        }
    }

    private static uint Next(uint reached, uint wanted)
    {
        uint next = unchecked(reached + 1);
        return next == wanted ? unchecked(next + 1) : next;
    }
}
