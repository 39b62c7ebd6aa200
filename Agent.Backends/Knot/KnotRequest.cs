using System.Buffers;

namespace Agent.Backends.Knot;

/// <summary>
/// Commands to be sent together, each in a block of its own; knotd answers them one after the other. A zone command that names no zone is
/// carried out for all zones, and <c>conf-unset</c> without an identifier takes away the whole section, so neither can be written here.
/// </summary>
public sealed class KnotRequest
{
    private readonly ArrayBufferWriter<byte> _octets = new();

    /// <summary>How many commands, and so answers.</summary>
    public int Commands { get; private set; }

    /// <summary>What is to be sent.</summary>
    public ReadOnlyMemory<byte> Octets => _octets.WrittenMemory;

    /// <summary>Appends a command.</summary>
    /// <param name="command">Its name.</param>
    /// <param name="units">What it is about; knotd works on each with the same command.</param>
    public KnotRequest Add(string command, params IReadOnlyList<KnotUnit> units)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(units);
        foreach (KnotUnit unit in units.Count > 0 ? units : [new KnotUnit()])
        {
            if (NamesNoZone(command, unit))
                throw new ArgumentException($"{command} without its zone would be about all zones", nameof(units));
            unit[KnotItem.Command] = command;
            KnotCodec.Write(unit, _octets);
        }

        KnotCodec.WriteType(KnotUnitType.Block, _octets);
        Commands++;
        return this;
    }

    private static bool NamesNoZone(string command, KnotUnit unit) =>
        command.StartsWith("zone-", StringComparison.Ordinal) ? string.IsNullOrEmpty(unit[KnotItem.Zone])
        : command is "conf-set" or "conf-unset" && string.IsNullOrEmpty(unit[KnotItem.Id]);
}
