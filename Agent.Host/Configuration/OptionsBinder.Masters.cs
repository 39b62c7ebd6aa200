using Agent.Actors.Transfers;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <content>Where zones come from: addresses, or objects with an address, a key and TLS.</content>
internal sealed partial class OptionsBinder
{
    private static List<Master> ReadMasters(
        SectionReader section,
        IReadOnlyDictionary<string, KeyOptions> keys,
        IReadOnlyDictionary<string, TlsProfile> tls,
        string path = "masters")
    {
        var masters = new List<Master>();
        foreach ((int index, HoconNode item) in section.Items(path).Index())
        {
            if (item is HoconObject written)
            {
                if (ReadMaster(section.Item(path, index, written, MasterDefaults), keys, tls) is { } master) masters.Add(master);
                continue;
            }

            string texts = item is HoconScalar { IsNull: false } scalar ? scalar.Text : "";
            if (texts.Length == 0)
            {
                section.ProblemAt(item.Origin, path, $"an address or an object with address is needed, not {item.Kind}");
            }
            foreach (string text in texts.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
            {
                if (ReadMasterEndpoint(section, path, text, item.Origin) is { } endpoint) masters.Add(MasterAt(endpoint));
            }
        }

        return [.. masters.Distinct()];
    }

    private static Master? ReadMaster(
        SectionReader section, IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> profiles)
    {
        string? tls = ReadTlsOf(section, profiles);
        const string Address = "address";
        int port = tls is null ? MasterPort : TlsPort;
        HostEndpoint? endpoint = ReadMasterEndpoint(section, Address, section.Text(Address), section.OriginOf(Address), port);
        IReadOnlyList<(string Text, HoconOrigin Origin)> keyNames = section.Words("key");
        foreach ((string name, HoconOrigin origin) in keyNames) KeyReader.Check(section, "key", name, keys, origin);
        if (keyNames.Count > 2) section.Problem("key", "one key is needed, or two while they are being exchanged");
        section.Done();
        return endpoint is null ? null : MasterAt(endpoint) with
        {
            KeyName = keyNames.Count > 0 ? keyNames[0].Text : null,
            NextKeyName = keyNames.Count > 1 ? keyNames[1].Text : null,
            Tls = tls,
        };
    }

    private static Master MasterAt(HostEndpoint endpoint) => new(endpoint.ToString(), endpoint.Host, endpoint.Port, KeyName: null);

    private static HostEndpoint? ReadMasterEndpoint(
        SectionReader section, string path, string text, HoconOrigin origin, int defaultPort = MasterPort)
    {
        HostEndpoint? endpoint = HostEndpoint.Parse(text, defaultPort);
        if (endpoint is { Port: > 0, IsOneHost: true }) return endpoint;
        section.ProblemAt(origin, path, endpoint is { Port: > 0 }
            ? $"'{text}' is the address of no single host: no zone can be transferred from there"
            : $"an address or name is needed, with or without port, not '{text}': 192.0.2.1:5354, [2001:db8::1]:5354");
        return null;
    }
}
