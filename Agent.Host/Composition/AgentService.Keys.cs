using Agent.Dns.Tsig;
using Agent.Host.Configuration;
using Agent.Host.Web;

namespace Agent.Host.Composition;

/// <summary>The TSIG keys of the configuration, and what becomes of them.</summary>
internal sealed partial class AgentService
{
    private readonly TsigLedger _ledger = new();

    /// <summary>The configuration whose keys count now; null: the one of the start.</summary>
    private volatile AgentOptions? _keyOptions;

    private static TsigKeyring KeysOf(AgentOptions options) => new(options.Keys.Values.Select(k => k.ToTsigKey()));

    private IReadOnlyList<KeyModel> KeyModels() => KeyModel.Of(_keyOptions ?? _options, _ledger);
}
