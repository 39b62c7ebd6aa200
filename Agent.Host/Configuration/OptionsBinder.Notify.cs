using System.Net;
using Agent.Actors.Transfers;
using Agent.Host.Configuration.Hocon;
using Agent.Host.Transfers;

namespace Agent.Host.Configuration;

/// <summary>Those who are told of changes.</summary>
internal sealed partial class OptionsBinder
{
    private List<NotifyReceiver> ReadAlsoNotify(
        IReadOnlyDictionary<string, KeyOptions> keys, IReadOnlyDictionary<string, TlsProfile> profiles)
    {
        var receivers = new List<NotifyReceiver>();
        foreach ((int index, HoconNode item) in _agent.Items("also-notify").Index())
        {
            if (item is HoconObject written)
            {
                SectionReader section = _agent.Item("also-notify", index, written, ReceiverDefaults);
                string? tls = ReadTlsOf(section, profiles);
                int port = tls is null ? TargetDrivers.DnsPort : TlsPort;
                IPEndPoint? endPoint = ReadReceiver(section.Text("address"), section.OriginOf("address"), port);
                string key = section.Text("key");
                if (key.Length > 0) KeyReader.Check(section, "key", key, keys);
                section.Done();
                if (endPoint is not null) 
                    receivers.Add(new NotifyReceiver(endPoint, key.Length > 0 ? key : null) { Tls = tls });
            }
            else
            {
                foreach (string text in TextsOf(item))
                {
                    if (ReadReceiver(text, item.Origin, TargetDrivers.DnsPort) is { } endPoint)
                        receivers.Add(new NotifyReceiver(endPoint, KeyName: null));
                }
            }
        }

        return [.. receivers.Distinct()];
    }

    /// <summary>A text with commas gives several, so that they can come from one environment variable.</summary>
    private static string[] TextsOf(HoconNode item) =>
        (item is HoconScalar { IsNull: false } scalar ? scalar.Text : "").Split(',', StringSplitOptions.TrimEntries);

    private IPEndPoint? ReadReceiver(string text, HoconOrigin origin, int defaultPort)
    {
        HostEndpoint? endpoint = HostEndpoint.Parse(text, defaultPort);
        if (endpoint is { Port: > 0, Address: { } address, IsOneHost: true }) return new IPEndPoint(address, endpoint.Port);
        _agent.ProblemAt(origin, "also-notify", endpoint is { Port: > 0, IsOneHost: false }
            ? $"'{text}' is the address of no single host: nobody can be told of changes there"
            : $"an address is needed, with or without port, not '{text}': 192.0.2.9, [2001:db8::9]:5353");
        return null;
    }
}
