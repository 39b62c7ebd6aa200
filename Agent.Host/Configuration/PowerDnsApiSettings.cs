using System.Net;
using System.Text;
using Agent.Backends.PowerDnsApi;

namespace Agent.Host.Configuration;

/// <param name="Url">Where the web server of PowerDNS is.</param>
/// <param name="ApiKey">The api-key of pdns.conf.</param>
/// <param name="ServerId">Which server of the API.</param>
/// <param name="IsPrimary">PowerDNS notifies secondaries.</param>
/// <param name="Control">Full path of pdns_server's control socket; null when everything goes by the API.</param>
public sealed record PowerDnsApiSettings(Uri Url, Secret ApiKey, string ServerId, bool IsPrimary, string? Control) : TargetSettings
{
    public override bool TakesDifferences => Secondary is null;

    public PowerDnsApiOptions ToOptions(HostEndpoint server) => new(Url, Encoding.ASCII.GetString(ApiKey.Reveal()), server.ToEndPoint())
    {
        ServerId = ServerId,
        IsPrimary = IsPrimary,
        Secondary = Secondary?.ToSource(),
        Control = Control,
    };

    /// <summary>Reads what belongs to the powerdns-api driver alone.</summary>
    internal static PowerDnsApiSettings Read(SectionReader section, TargetSurroundings around)
    {
        Uri url = ReadUrl(section);
        Secret? key = SecretReader.ReadWord(section, "api-key", isRequired: true);
        string server = section.Text("server-id");
        if (server.Length == 0) section.Problem("server-id", "the name of the server in the API is needed; PowerDNS knows localhost");
        string control = section.File("control");
        return new PowerDnsApiSettings(url, key ?? new Secret([]), server, KindOf(section), control.Length > 0 ? control : null);
    }

    /// <summary>What new zones shall be; the same for all drivers of PowerDNS.</summary>
    internal static bool KindOf(SectionReader section) => section.Choice("kind", ("native", false), ("primary", true));

    private static Uri ReadUrl(SectionReader section)
    {
        const string Api = "/api/v1";
        string text = section.Text("url").TrimEnd('/');
        if (text.EndsWith(Api, StringComparison.Ordinal)) text = text[..^Api.Length];
        bool mayBePlain = section.Flag("allow-plaintext");
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? url) || url.Scheme is not ("http" or "https") || url.UserInfo.Length > 0
            || url.Query.Length > 0)
        {
            section.WrongValue("url", $"the address of PowerDNS's web server is needed, such as http://127.0.0.1:8081, not '{text}'");
            return new Uri("http://127.0.0.1:8081");
        }

        bool isHere = url.IsLoopback || (IPAddress.TryParse(url.Host, out IPAddress? address) && IPAddress.IsLoopback(address));
        if (url.Scheme == "http" && !isHere && !mayBePlain)
        {
            section.Problem(
                "url", "without TLS everybody on the way reads the api-key: give an https address, or say allow-plaintext = true");
        }

        return url;
    }
}
