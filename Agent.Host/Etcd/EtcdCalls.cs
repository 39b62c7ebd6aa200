using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Agent.Actors.Cluster;

namespace Agent.Host.Etcd;

/// <summary>The requests in the words of etcd's gateway: 64-bit numbers are strings, octets are base64.</summary>
internal static class EtcdCalls
{
    public static EtcdCall Status() => new("status", "/v3/maintenance/status", "{}"u8.ToArray(), false, EtcdCheck.Cluster, false);

    public static EtcdCall Authenticate(string user, string password) => new(
        "authenticate",
        "/v3/auth/authenticate",
        Body(json =>
        {
            json.WriteString("name"u8, user);
            json.WriteString("password"u8, password);
        }),
        false,
        EtcdCheck.Cluster,
        false);

    public static EtcdCall Grant(TimeSpan timeToLive) => new(
        "grant", "/v3/lease/grant", Body(json => Number(json, "TTL"u8, Math.Max(1, (long)Math.Ceiling(timeToLive.TotalSeconds)))), true);

    public static EtcdCall KeepAlive(long lease) =>
        new("keepalive", "/v3/lease/keepalive", Body(json => Number(json, "ID"u8, lease)), true);

    public static EtcdCall Revoke(long lease) => new("revoke", "/v3/lease/revoke", Body(json => Number(json, "ID"u8, lease)), true);

    public static EtcdCall Read(string prefix) => new("range", "/v3/kv/range", Body(json => Prefix(json, prefix)), false);

    /// <summary>One key of the prefix that was changed after the revision, if there is any.</summary>
    public static EtcdCall NewerThan(string prefix, long revision) => new(
        "probe",
        "/v3/kv/range",
        Body(json =>
        {
            Prefix(json, prefix);
            Number(json, "min_mod_revision"u8, revision + 1);
            Number(json, "limit"u8, 1);
            json.WriteBoolean("keys_only"u8, true);
        }),
        false);

    public static EtcdCall Commit(StoreTransaction transaction) => new(
        "txn",
        "/v3/kv/txn",
        Body(json =>
        {
            json.WriteStartArray("compare"u8);
            foreach (StoreCompare compare in transaction.Compares) Compare(json, compare);
            json.WriteEndArray();
            json.WriteStartArray("success"u8);
            foreach (StoreWrite write in transaction.Writes) Write(json, write);
            json.WriteEndArray();
        }),
        true);

    public static EtcdCall Watch(string prefix, long fromRevision) => new(
        "watch",
        "/v3/watch",
        Body(json =>
        {
            json.WriteStartObject("create_request"u8);
            Prefix(json, prefix);
            if (fromRevision > 0) Number(json, "start_revision"u8, fromRevision);
            json.WriteBoolean("progress_notify"u8, true);
            json.WriteBoolean("fragment"u8, true);
            json.WriteEndObject();
        }),
        false,
        EtcdCheck.Term);

    private static void Compare(Utf8JsonWriter json, StoreCompare compare)
    {
        bool isCreate = compare.Field == StoreField.CreateRevision;
        json.WriteStartObject();
        Octets(json, "key"u8, compare.Key);
        json.WriteString("target"u8, isCreate ? "CREATE"u8 : "MOD"u8);
        json.WriteString("result"u8, "EQUAL"u8);
        Number(json, isCreate ? "create_revision"u8 : "mod_revision"u8, compare.Revision);
        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, StoreWrite write)
    {
        json.WriteStartObject();
        json.WriteStartObject(write.Value is null ? "request_delete_range"u8 : "request_put"u8);
        Octets(json, "key"u8, write.Key);
        if (write.Value is { } value)
        {
            json.WriteBase64String("value"u8, value.AsSpan());
            if (write.Lease != 0) Number(json, "lease"u8, write.Lease);
        }

        json.WriteEndObject();
        json.WriteEndObject();
    }

    private static void Prefix(Utf8JsonWriter json, string prefix)
    {
        // A single zero octet means: from here to the end. With an empty prefix that is every key.
        byte[] key = prefix.Length == 0 ? [0] : Encoding.UTF8.GetBytes(prefix);
        json.WriteBase64String("key"u8, key);
        json.WriteBase64String("range_end"u8, prefix.Length == 0 ? [0] : EndOf(key));
    }

    /// <summary>The first key behind all that begin with the prefix. UTF-8 has no octet 255, so there is always one.</summary>
    private static byte[] EndOf(byte[] prefix)
    {
        byte[] end = [.. prefix];
        end[^1]++;
        return end;
    }

    private static void Octets(Utf8JsonWriter json, ReadOnlySpan<byte> name, string text) =>
        json.WriteBase64String(name, Encoding.UTF8.GetBytes(text));

    private static void Number(Utf8JsonWriter json, ReadOnlySpan<byte> name, long value) =>
        json.WriteString(name, value.ToString(CultureInfo.InvariantCulture));

    private static byte[] Body(Action<Utf8JsonWriter> write)
    {
        ArrayBufferWriter<byte> octets = new();
        using (Utf8JsonWriter json = new(octets))
        {
            json.WriteStartObject();
            write(json);
            json.WriteEndObject();
        }

        return octets.WrittenSpan.ToArray();
    }
}
