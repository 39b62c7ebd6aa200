using System.Xml;
using Agent.Backends.Shared;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Backends.Bind9;

/// <summary>
/// The zones that named shows on its statistics channel (XML, version 3). The document is read as it comes, for it has a paragraph for each
/// zone. What comes is text of another program and trusted for nothing but names: no DTD, no entities.
/// </summary>
internal sealed class NamedStatistics : IDisposable
{
    private static readonly XmlReaderSettings Strict = new() { Async = true, DtdProcessing = DtdProcessing.Ignore, XmlResolver = null };

    private readonly HttpClient _http;
    private readonly Uri _zones;
    private readonly string _shown;
    private readonly string _view;

    public NamedStatistics(Uri place, string? view)
    {
        _zones = new Uri(place, "/xml/v3/zones");
        _shown = _zones.GetComponents(UriComponents.AbsoluteUri & ~UriComponents.UserInfo, UriFormat.UriEscaped);
        _view = view ?? NamedControl.DefaultView;

        // The order has a deadline of its own.
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = static (context, cancellation) => ConnectedStream.OpenAsync(context.DnsEndPoint, cancellation),
            AllowAutoRedirect = false,
            UseProxy = false,
        };
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
    }

    /// <summary>
    /// The primary zones of our view, and the secondary ones where they are wanted too; one more than the maximum when there are more.
    /// </summary>
    /// <exception cref="BackendException">The channel does not answer, or something else does.</exception>
    public async Task<List<DomainName>> ZonesAsync(int maximum, bool withSecondaries, CancellationToken cancellation)
    {
        try
        {
            using HttpResponseMessage answer = await _http.GetAsync(_zones, HttpCompletionOption.ResponseHeadersRead, cancellation);
            answer.EnsureSuccessStatusCode();
            using var reader = XmlReader.Create(await answer.Content.ReadAsStreamAsync(cancellation), Strict);
            return await ReadAsync(reader, maximum, withSecondaries, cancellation);
        }
        catch (Exception error) when (error is HttpRequestException or XmlException)
        {
            throw BackendException.Away($"named does not show its zones at {_shown}: {error.Message}", error);
        }
    }

    public void Dispose() => _http.Dispose();

    private async Task<List<DomainName>> ReadAsync(
        XmlReader reader, int maximum, bool withSecondaries, CancellationToken cancellation)
    {
        List<DomainName> zones = [];
        string? view = null;
        string? zone = null;
        bool isStatistics = false;
        while (zones.Count <= maximum && await reader.ReadAsync())
        {
            cancellation.ThrowIfCancellationRequested();
            if (reader.NodeType != XmlNodeType.Element)
                continue;
            switch (reader.Name)
            {
                case "statistics":
                    isStatistics = true;
                    break;
                case "view":
                    view = reader.GetAttribute("name");
                    break;
                case "zone":
                    zone = view == _view && reader.GetAttribute("rdataclass") == "IN" ? reader.GetAttribute("name") : null;
                    break;
                case "type" when zone is not null:
                    await reader.ReadAsync();
                    bool isMeant = reader.Value is "primary" or "master" || (withSecondaries && reader.Value is "secondary" or "slave");
                    if (isMeant && DomainName.TryParse(zone, out DomainName? name))
                        zones.Add(name);
                    zone = null;
                    break;
            }
        }

        return isStatistics ? zones : throw BackendException.Away($"what answers at {_shown} is not named's statistics channel");
    }
}
