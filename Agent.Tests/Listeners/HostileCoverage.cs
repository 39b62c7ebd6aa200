using System.Globalization;
using System.Text;
using Agent.Actors.Listeners;

namespace Agent.Tests.Listeners;

/// <summary>Which combinations of opcode, class and type were sent, whole and damaged, and what became of them.</summary>
internal sealed class HostileCoverage
{
    private readonly Dictionary<(int Opcode, ushort Class, ushort Type), (int Whole, int Damaged)> _sent = [];
    private readonly Dictionary<(int Opcode, RequestDisposition Disposition), int> _became = [];

    public void Add(HostileMessage message, RequestDisposition disposition)
    {
        var key = (message.Opcode, message.Class, message.Type);
        (int whole, int damaged) = _sent.GetValueOrDefault(key);
        _sent[key] = message.IsDamaged ? (whole, damaged + 1) : (whole + 1, damaged);
        _became[(message.Opcode, disposition)] = CountOf(message.Opcode, disposition) + 1;
    }

    public int CountOf(int opcode, RequestDisposition disposition) => _became.GetValueOrDefault((opcode, disposition));

    /// <summary>Combinations that were not sent both whole and damaged.</summary>
    public IEnumerable<(int Opcode, ushort Class, ushort Type)> Missing() =>
        from opcode in Enumerable.Range(0, 16)
        from recordClass in HostileMessages.Classes
        from type in HostileMessages.Types
        where _sent.GetValueOrDefault((opcode, recordClass, type)) is not ( > 0, > 0)
        select (opcode, recordClass, type);

    public override string ToString()
    {
        RequestDisposition[] dispositions = Enum.GetValues<RequestDisposition>();
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{_sent.Count} combinations of 16 opcodes, ");
        text.Append(CultureInfo.InvariantCulture, $"{HostileMessages.Classes.Length} classes and ");
        text.Append(CultureInfo.InvariantCulture, $"{HostileMessages.Types.Length} types, each whole and damaged\nopcode");
        foreach (RequestDisposition disposition in dispositions)
            text.Append(CultureInfo.InvariantCulture, $"{disposition,12}");
        for (int opcode = 0; opcode < 16; opcode++)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n{opcode,6}");
            foreach (RequestDisposition disposition in dispositions)
                text.Append(CultureInfo.InvariantCulture, $"{CountOf(opcode, disposition),12}");
        }

        return text.ToString();
    }
}
