using System.Buffers.Binary;
using System.Text.Json;
using Agent.Backends.PowerDns;
using Agent.Backends.Shared;
using Agent.Dns.Zones;
using Agent.Dns.Wire;

namespace Agent.Backends.PowerDnsApi;

// A change that fits one request:
//
//   no zone --> POST zone with all sets and its SOA          zone --> (PUT what the zone is) --> PATCH sets and SOA
//
// One that does not, since PowerDNS bounds a request (webserver-max-bodysize, at least one megabyte):
//
//   no zone --> POST zone with some sets, its SOA disabled \
//                                                           --> PATCH sets ... --> PUT api_rectify --> PATCH the last sets and SOA
//   zone --> PUT without api_rectify -----------------------/
//
// A zone whose SOA is disabled is not served, so nobody sees one that is half there. And no state in between has the wanted serial.

/// <summary>One change of a zone by the API: takes sets of records and sends them, the SOA at the end.</summary>
/// <remarks>Rectifying goes over all of the zone, so between the first and the last of several requests it does not happen.</remarks>
internal sealed class ZoneChange : IDisposable
{
    private readonly PowerDnsApiClient _api;
    private readonly WantedRrset _soa;
    private readonly string _kind;
    private readonly int _bytesMax;
    private readonly RrsetBody _body = new();
    private ApiZone? _zone;
    private bool _isParted;

    /// <param name="api">The server.</param>
    /// <param name="zone">What it has; null when the zone is to be made.</param>
    /// <param name="soa">The wanted SOA.</param>
    /// <param name="options">Which kind of zone it shall be, and how large requests may be.</param>
    public ZoneChange(PowerDnsApiClient api, ApiZone? zone, WantedRrset soa, PowerDnsApiOptions options)
    {
        _api = api;
        _zone = zone;
        _soa = soa;
        _kind = options.IsPrimary ? "Master" : "Native";
        _bytesMax = options.RequestBytesMax;
    }

    /// <summary>Nobody looked whether there is such a zone, so a refused creation leaves to the caller what to take away.</summary>
    public bool MayBeThere { get; init; }

    /// <summary>The server did not want to make the zone.</summary>
    public bool IsRefused { get; private set; }

    /// <summary>The zone that was to be made is there after all, with what nobody knows: nothing more was sent.</summary>
    public bool HasMetZone { get; private set; }

    /// <summary>Something of it is at the server already.</summary>
    public bool HasSentPart => _isParted;

    private DomainName Name => _soa.Owner;

    private uint Serial => BinaryPrimitives.ReadUInt32BigEndian(_soa.Rdata[0].AsSpan(^SoaNumbers.Size));

    /// <summary>The sets of one name: first those that go, or one that comes would stand beside a CNAME.</summary>
    public async Task AddAsync(WantedRrset set, IEnumerable<string>? typesGone, CancellationToken cancellation)
    {
        if (_body.Length > _bytesMax && !HasMetZone)
            await SendPartAsync(cancellation);
        foreach (string type in typesGone ?? [])
            _body.Delete(ApiZoneId.TextOf(set.Owner), type);
        _body.Replace(set);
    }

    /// <summary>A set that goes.</summary>
    public async Task DeleteAsync(string owner, string type, CancellationToken cancellation)
    {
        if (_body.Length > _bytesMax && !HasMetZone)
            await SendPartAsync(cancellation);
        _body.Delete(owner, type);
    }

    /// <summary>Sends what is left, and the SOA.</summary>
    public async Task FinishAsync(CancellationToken cancellation)
    {
        if (HasMetZone)
            return;
        _body.Replace(_soa);
        if (_zone is null)
        {
            await CreateAsync(isRectified: true, cancellation);
            return;
        }

        await SetAsync(isRectified: true, cancellation);
        await _api.PatchAsync(Name, _body.Whole(), cancellation);
    }

    /// <summary>Makes the zone what it shall be, where it is something else.</summary>
    public async Task SetAsync(bool isRectified, CancellationToken cancellation)
    {
        ApiZone zone = _zone!;
        if (zone.IsSerialEdited)
            await _api.KeepSerialAsync(Name, cancellation);
        _zone = zone with { IsSerialEdited = false };
        if (zone.Kind == _kind && zone.SoaEditApi.Length == 0 && zone.IsRectified == isRectified)
            return;
        using MemoryStream body = new();
        await using (Utf8JsonWriter json = new(body))
        {
            json.WriteStartObject();
            if (zone.Kind != _kind)
            {
                json.WriteString("kind", _kind);
                json.WriteStartArray("masters");
                json.WriteEndArray();
            }

            json.WriteString("soa_edit_api", "");
            json.WriteBoolean("api_rectify", isRectified);
            json.WriteEndObject();
        }

        await _api.SetAsync(Name, body.ToArray(), cancellation);
        _zone = _zone with { Kind = _kind, SoaEditApi = "", IsRectified = isRectified };
    }

    public void Dispose() => _body.Dispose();

    private async Task SendPartAsync(CancellationToken cancellation)
    {
        if (_zone is null)
        {
            _body.Replace(_soa, isDisabled: true);
            await CreateAsync(isRectified: false, cancellation);
        }
        else
        {
            await SetAsync(isRectified: false, cancellation);
            if (!_isParted && _zone.Serial == Serial)
                _body.Replace(Earlier());
            await _api.PatchAsync(Name, _body.Whole(), cancellation);
        }

        _isParted = true;
        _body.Clear();
    }

    private async Task CreateAsync(bool isRectified, CancellationToken cancellation)
    {
        ReadOnlyMemory<byte> body = _body.Whole(json =>
        {
            json.WriteString("name", ApiZoneId.TextOf(Name));
            json.WriteString("kind", _kind);
            json.WriteStartArray("nameservers");
            json.WriteEndArray();
            json.WriteString("soa_edit_api", "");
            json.WriteString("soa_edit", "NONE");
            json.WriteBoolean("api_rectify", isRectified);
        });
        bool isMade;
        try
        {
            isMade = await _api.CreateAsync(Name, body, cancellation);
        }
        catch (BackendException refused) when (refused.Outcome == Actors.Backends.OrderOutcome.Refused)
        {
            IsRefused = true;
            // PowerDNS keeps an empty zone when it refuses the sets.
            if (!MayBeThere)
                await _api.DeleteAsync(Name, cancellation);
            throw;
        }

        HasMetZone = !isMade;
        _zone = new ApiZone(_kind, 0, "", isRectified, IsSerialEdited: false);
    }

    /// <summary>The SOA with the serial before: a change that is cut must not pass for the whole.</summary>
    private WantedRrset Earlier()
    {
        byte[] rdata = [.. _soa.Rdata[0]];
        BinaryPrimitives.WriteUInt32BigEndian(rdata.AsSpan(^SoaNumbers.Size), unchecked(Serial - 1));
        return _soa with { Rdata = [rdata] };
    }
}
