using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Agent.Actors.Kernel;
using Agent.Backends.Shared;
using Agent.Dns.Net;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

/// <summary>
/// The HTTP API of PowerDNS: zones, their sets of records, the caches. What the server refuses becomes a refusal with its own words;
/// what it fails at, and what does not get there, is away.
/// </summary>
/// <remarks>Any number of callers. Connections are kept for as long as the server keeps them; PowerDNS 4.7 closes each after its
/// answer.</remarks>
internal sealed class PowerDnsApiClient : IDisposable
{
    private const int ConnectionsMax = 16;
    private const int ErrorBytesMax = 16 * 1024;
    private const int ZoneBytesMax = 256 * 1024;
    private const int ErrorTextMax = 400;
    private const int TriesMax = 5;

    private static readonly TimeSpan ConnectPatience = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan PauseBetweenTries = TimeSpan.FromMilliseconds(40);

    private readonly HttpClient _http;
    private readonly Uri _url;
    private readonly string _server;
    private readonly TimeProvider _time;

    // Changes one after the other, from the first on that failed beside others: SQLite lets one in at a time, and PowerDNS fails the rest.
    private readonly SemaphoreSlim _turn = new(1);
    private volatile bool _takesTurns;

    public PowerDnsApiClient(PowerDnsApiOptions options, TimeProvider time)
    {
        _time = time;
        _url = options.Url;
        _server = $"{options.Url.AbsolutePath.TrimEnd('/')}/api/v1/servers/{Uri.EscapeDataString(options.ServerId)}";
        SocketsHttpHandler handler = new()
        {
            ConnectCallback = static (context, cancellation) => ConnectedStream.OpenAsync(context.DnsEndPoint, cancellation),
            ConnectTimeout = ConnectPatience,
            MaxConnectionsPerServer = ConnectionsMax,
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        // Each order has its own deadline.
        _http = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Add("X-API-Key", options.ApiKey);
    }

    /// <summary>The version of a PowerDNS that answers and takes the key; null when it does not say.</summary>
    public async Task<string?> VersionAsync(CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Get, "", body: default, cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            throw BackendException.Away($"{_url} has no {_server}: check url and server-id, and that pdns.conf says api=yes");
        await DoneAsync(answer, "show itself", cancellation);
        try
        {
            using JsonDocument about = JsonDocument.Parse(await ReadAsync(answer, ErrorBytesMax, cancellation));
            return about.RootElement.TryGetProperty("version", out JsonElement version) ? version.GetString() : null;
        }
        catch (Exception other) when (other is JsonException or InvalidOperationException)
        {
            throw Strange(other);
        }
    }

    /// <summary>One of PowerDNS's numbers about itself; nothing when it does not say.</summary>
    public async Task<long?> StatisticAsync(string name, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Get, $"/statistics?statistic={name}", body: default, cancellation);
        if (!answer.IsSuccessStatusCode)
            return null;
        await foreach (JsonElement item in ItemsAsync(answer, member: null, cancellation))
        {
            if (item.TryGetProperty("value", out JsonElement value) && long.TryParse(value.GetString(), out long number))
                return number;
        }

        return null;
    }

    /// <summary>The zone without its records; null when there is none.</summary>
    public async Task<ApiZone?> FindAsync(DomainName zone, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Get, $"{PathOf(zone)}?rrsets=false", body: default, cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            return null;
        if (answer.StatusCode == HttpStatusCode.UnprocessableEntity)
            throw BackendException.NameNotAcceptable($"PowerDNS cannot hold a zone {zone}: {await WordsAsync(answer, cancellation)}");
        await DoneAsync(answer, $"show {zone}", cancellation);
        try
        {
            using JsonDocument document = JsonDocument.Parse(await ReadAsync(answer, ZoneBytesMax, cancellation));
            return ApiZone.Read(document.RootElement);
        }
        catch (Exception strange) when (strange is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw Strange(strange);
        }
    }

    /// <summary>Whether there is such a zone; a name that it cannot hold it does not have.</summary>
    public async Task<bool> HasAsync(DomainName zone, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Get, $"{PathOf(zone)}?rrsets=false", body: default, cancellation);
        if (answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity)
            return false;
        await DoneAsync(answer, $"show {zone}", cancellation);
        return true;
    }

    /// <summary>The zone's sets of records, as they come; nothing when there is no such zone.</summary>
    public IAsyncEnumerable<JsonElement> RrsetsAsync(DomainName zone, CancellationToken cancellation) =>
        ListAsync(PathOf(zone), "rrsets", $"show the records of {zone}", cancellation);

    /// <summary>All zones, without their records.</summary>
    public IAsyncEnumerable<JsonElement> ZonesAsync(CancellationToken cancellation) =>
        ListAsync("/zones?dnssec=false", member: null, "list its zones", cancellation);

    /// <summary>Makes a zone; false when it is there already.</summary>
    public async Task<bool> CreateAsync(DomainName zone, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Post, "/zones?rrsets=false", body, cancellation);
        if (answer.StatusCode == HttpStatusCode.Conflict)
            return false;
        await DoneAsync(answer, $"make {zone}", cancellation);
        return true;
    }

    /// <summary>Changes what a zone is.</summary>
    public Task SetAsync(DomainName zone, ReadOnlyMemory<byte> body, CancellationToken cancellation) =>
        ChangeZoneAsync(HttpMethod.Put, zone, body, cancellation);

    /// <summary>Makes the serial that is served the one of the SOA record, whatever the server's default-soa-edit; without delay, unlike
    /// the zone's own member for it.</summary>
    public async Task KeepSerialAsync(DomainName zone, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(
            HttpMethod.Put, $"{PathOf(zone)}/metadata/SOA-EDIT", """{"kind":"SOA-EDIT","metadata":["NONE"]}"""u8.ToArray(), cancellation);
        await DoneAsync(answer, $"keep the serial of {zone}", cancellation);
    }

    /// <summary>Has a secondary fetch the whole zone, some time after the answer, from one of its primaries.</summary>
    public async Task RetrieveAsync(DomainName zone, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Put, $"{PathOf(zone)}/axfr-retrieve", body: default, cancellation);
        await DoneAsync(answer, $"transfer {zone}", cancellation);
    }

    /// <summary>Changes sets of records, all of them or none.</summary>
    public Task PatchAsync(DomainName zone, ReadOnlyMemory<byte> body, CancellationToken cancellation) =>
        ChangeZoneAsync(HttpMethod.Patch, zone, body, cancellation);

    /// <summary>Takes a zone away, if it is there.</summary>
    public async Task DeleteAsync(DomainName zone, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Delete, PathOf(zone), body: default, cancellation);
        // A name that it cannot hold it does not have.
        if (answer.StatusCode is not (HttpStatusCode.NotFound or HttpStatusCode.UnprocessableEntity))
            await DoneAsync(answer, $"delete {zone}", cancellation);
    }

    /// <summary>Makes PowerDNS look anew at what it answers for a name and all names below it.</summary>
    public async Task FlushAsync(DomainName name, CancellationToken cancellation)
    {
        string path = $"/cache/flush?domain={Uri.EscapeDataString(ApiZoneId.TextOf(name))}";
        // Nothing in a database: it waits for nobody's turn.
        using HttpResponseMessage answer = await SendAsync(HttpMethod.Put, path, body: default, cancellation);
        await DoneAsync(answer, $"flush what it has cached of {name}", cancellation);
    }

    public void Dispose()
    {
        _http.Dispose();
        _turn.Dispose();
    }

    private static string PathOf(DomainName zone) => $"/zones/{ApiZoneId.Of(zone)}";

    private async Task ChangeZoneAsync(HttpMethod method, DomainName zone, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(method, PathOf(zone), body, cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            throw BackendException.Away($"{zone} was taken from PowerDNS by somebody else");
        await DoneAsync(answer, $"change {zone}", cancellation);
    }

    private async IAsyncEnumerable<JsonElement> ListAsync(
        string path, string? member, string order, [EnumeratorCancellation] CancellationToken cancellation)
    {
        using HttpResponseMessage answer = await AskAsync(HttpMethod.Get, path, body: default, cancellation);
        if (answer.StatusCode == HttpStatusCode.NotFound)
            yield break;
        await DoneAsync(answer, order, cancellation);
        await foreach (JsonElement item in ItemsAsync(answer, member, cancellation))
            yield return item;
    }

    private async IAsyncEnumerable<JsonElement> ItemsAsync(
        HttpResponseMessage answer, string? member, [EnumeratorCancellation] CancellationToken cancellation)
    {
        await using Stream text = await answer.Content.ReadAsStreamAsync(cancellation);
        await using IAsyncEnumerator<JsonElement> items = JsonItems.ReadAsync(text, member, cancellation).GetAsyncEnumerator(cancellation);
        while (true)
        {
            try
            {
                if (!await items.MoveNextAsync())
                    yield break;
            }
            catch (Exception broken) when (broken is JsonException or HttpRequestException)
            {
                throw Strange(broken);
            }

            yield return items.Current;
        }
    }

    private async Task<HttpResponseMessage> AskAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        if (method == HttpMethod.Get)
            return await SendAsync(method, path, body, cancellation);
        if (!_takesTurns)
        {
            HttpResponseMessage answer = await ChangeAsync(method, path, body, cancellation);
            if (answer.StatusCode != HttpStatusCode.InternalServerError)
                return answer;
            answer.Dispose();
            _takesTurns = true;
        }

        return await ChangeByTurnAsync(method, path, body, cancellation);
    }

    /// <summary>All changes may be repeated: one that was done finds the zone there, or gone.</summary>
    private async Task<HttpResponseMessage> ChangeByTurnAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        await _turn.WaitAsync(cancellation);
        try
        {
            for (int attempt = 1; ; attempt++)
            {
                HttpResponseMessage answer = await ChangeAsync(method, path, body, cancellation);
                if (answer.StatusCode != HttpStatusCode.InternalServerError || attempt == TriesMax)
                    return answer;
                answer.Dispose();
                await Task.Delay(PauseBetweenTries * attempt, _time, cancellation);
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    private async Task<HttpResponseMessage> ChangeAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        FaultPoint.Pass("pdnsapi.sending");
        HttpResponseMessage answer = await SendAsync(method, path, body, cancellation);
        FaultPoint.Pass("pdnsapi.answered");
        return answer;
    }

    private async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, ReadOnlyMemory<byte> body, CancellationToken cancellation)
    {
        using HttpRequestMessage request = new(method, new Uri(_url, _server + path));
        if (!body.IsEmpty)
        {
            request.Content = new ReadOnlyMemoryContent(body);
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        }

        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        }
        catch (HttpRequestException failure)
        {
            string cause = failure.InnerException?.Message ?? failure.Message;
            throw BackendException.Away($"the API at {_url} cannot be reached: {cause}", failure);
        }
    }

    private async Task DoneAsync(HttpResponseMessage answer, string order, CancellationToken cancellation)
    {
        int status = (int)answer.StatusCode;
        if (status is >= 200 and < 300)
            return;
        string words = await WordsAsync(answer, cancellation);
        throw status switch
        {
            // All zones alike, until the operator has put it right.
            401 or 403 => BackendException.Away(
                $"the API at {_url} does not let us in: check api-key and webserver-allow-from ({words})"),
            >= 400 and < 500 => BackendException.Refused($"PowerDNS refused to {order}: {words}"),
            _ => BackendException.Away($"PowerDNS failed to {order}: {words}"),
        };
    }

    /// <summary>What the server said, short enough for a line.</summary>
    private static async Task<string> WordsAsync(HttpResponseMessage answer, CancellationToken cancellation)
    {
        string status = $"{(int)answer.StatusCode} {answer.ReasonPhrase}".TrimEnd();
        try
        {
            string said = Said(await ReadAsync(answer, ErrorBytesMax, cancellation));
            return said.Length > 0 ? said : status;
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException)
        {
            return status;
        }
    }

    /// <summary>What the server sent, up to a bound.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpResponseMessage answer, int bytesMax, CancellationToken cancellation)
    {
        await using Stream text = await answer.Content.ReadAsStreamAsync(cancellation);
        byte[] octets = new byte[bytesMax];
        int length = await text.ReadAtLeastAsync(octets, octets.Length, throwOnEndOfStream: false, cancellation);
        return octets.AsMemory(0, length);
    }

    private static string Said(ReadOnlyMemory<byte> octets)
    {
        string said;
        try
        {
            using JsonDocument document = JsonDocument.Parse(octets);
            said = document.RootElement.TryGetProperty("error", out JsonElement error) ? error.ToString() : "";
        }
        catch (Exception other) when (other is JsonException or InvalidOperationException)
        {
            said = Encoding.UTF8.GetString(octets.Span);
        }

        said = new string([.. said.Trim().Select(static character => char.IsControl(character) ? ' ' : character)]);
        return said.Length > ErrorTextMax ? said[..ErrorTextMax] + "..." : said;
    }

    private BackendException Strange(Exception error) =>
        BackendException.Away($"the answer of the API at {_url} cannot be read: {error.Message}", error);
}
