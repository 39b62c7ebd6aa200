using System.Collections.Concurrent;
using System.Text;
using Agent.Bench.Peers;

namespace Agent.Tests.Scenarios;

/// <summary>Several zones behind one <see cref="ScriptedMaster"/>; what is not among them is REFUSED.</summary>
public sealed class ScriptedZones
{
    private readonly ConcurrentDictionary<string, ScriptedZone> _zones = new(StringComparer.OrdinalIgnoreCase);

    public ScriptedZone this[string name] => _zones[Key(DnsTestMessage.EncodeName(name))];

    public void Set(ScriptedZone zone) => _zones[Key(DnsTestMessage.EncodeName(zone.Name))] = zone;

    public ScriptedZone? Find(byte[] wireName) => _zones.GetValueOrDefault(Key(wireName));

    public IEnumerable<MasterStep> Answer(MasterQuery query) => Find(query.Name) is { } zone
        ? zone.Answer(query)
        : [new MasterStep.Send(ScriptedZone.Response(query, 5))];

    private static string Key(ReadOnlySpan<byte> name) => Encoding.Latin1.GetString(name);
}
