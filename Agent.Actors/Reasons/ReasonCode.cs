namespace Agent.Actors.Reasons;

/// <summary>The stable reason words that users see in the management interface, in logs and in extended DNS errors.</summary>
public static class ReasonCode
{
    /// <summary>No configured master could be reached, or no master is configured.</summary>
    public const string NoMaster = "no-master";

    /// <summary>Every master that answered says that it does not have the zone.</summary>
    public const string ZoneNotAtMaster = "zone-not-at-master";

    /// <summary>A master refused the transfer.</summary>
    public const string TransferRefused = "transfer-refused";

    /// <summary>A transfer began and broke the rules of RFC 5936, or was cut off.</summary>
    public const string TransferBroken = "transfer-broken";

    /// <summary>The peer's certificate comes from no authority that is trusted, or is not one for servers.</summary>
    public const string TlsUntrusted = "tls-untrusted";

    /// <summary>The peer's certificate is not valid yet, or not any more.</summary>
    public const string TlsExpired = "tls-expired";

    /// <summary>The peer's certificate is for another name.</summary>
    public const string TlsName = "tls-name";

    /// <summary>The peer's key is none of those pinned.</summary>
    public const string TlsPin = "tls-pin";

    /// <summary>The peer did not choose the protocol "dot".</summary>
    public const string TlsAlpn = "tls-alpn";

    /// <summary>No TLS connection came about: no TLS 1.3, our certificate was not accepted, or the peer hung up.</summary>
    public const string TlsFailed = "tls-failed";

    /// <summary>A transfer moved too slowly or stood still for too long.</summary>
    public const string TransferTimeout = "transfer-timeout";

    /// <summary>A transfer went over the configured limit of records or octets.</summary>
    public const string TransferTooLarge = "transfer-too-large";

    /// <summary>The master's content has no name server at the apex of the zone; what is held stays.</summary>
    public const string GuardApex = "guard-apex";

    /// <summary>The master's content has far fewer records than what is held, which stays.</summary>
    public const string GuardShrink = "guard-shrink";

    /// <summary>The master's content is no longer signed; what is held stays.</summary>
    public const string GuardDnssec = "guard-dnssec";

    /// <summary>The master sent records that are not of the zone; what is held stays.</summary>
    public const string GuardOutOfZone = "guard-out-of-zone";

    /// <summary>The digest in the master's content is wrong, or missing where it is required; what is held stays.</summary>
    public const string GuardZonemd = "guard-zonemd";

    /// <summary>No content waits for a decision.</summary>
    public const string NothingWaits = "nothing-waits";

    /// <summary>No content is kept of the deleted zone.</summary>
    public const string NothingKept = "nothing-kept";

    /// <summary>No master set of that name is configured.</summary>
    public const string UnknownMasterSet = "unknown-master-set";

    /// <summary>The zone is there already.</summary>
    public const string ZoneExists = "zone-exists";

    /// <summary>Other content waits for a decision than the one that was decided about.</summary>
    public const string CandidateChanged = "candidate-changed";

    /// <summary>New content is on trial at the canaries; the other targets serve what they had.</summary>
    public const string RolloutTrial = "rollout-trial";

    /// <summary>New content waits for a canary that cannot be reached.</summary>
    public const string RolloutWaits = "rollout-waits";

    /// <summary>A canary refused new content, or does not serve it; the other targets serve what they had.</summary>
    public const string RolloutStopped = "rollout-stopped";

    /// <summary>The master offers content that is older than what is held.</summary>
    public const string SerialWentBack = "serial-went-back";

    /// <summary>A master named a newer serial than what it, or another one, then gave; it is asked again soon.</summary>
    public const string SerialBehind = "serial-behind";

    /// <summary>No master has confirmed the zone for as long as its SOA, or the master, allows.</summary>
    public const string Expired = "expired";

    /// <summary>Every master has said for long that it does not have the zone.</summary>
    public const string Orphan = "orphan";

    /// <summary>An orphan that would be removed, were it not one of too many at once.</summary>
    public const string OrphansHeld = "orphans-held";

    /// <summary>A server has the zone, and nobody has created it here.</summary>
    public const string NotCreated = "not-created";

    /// <summary>A target server cannot be reached.</summary>
    public const string TargetAway = "target-away";

    /// <summary>More than one server answers under a target's address, so that what is seen there proves nothing.</summary>
    public const string IdentitySplit = "identity-split";

    /// <summary>A target server said no: the zone or the name is not acceptable to it.</summary>
    public const string TargetRefused = "target-refused";

    /// <summary>A zone is beyond what a target server can hold: too much of it, or records of a kind that it does not serve.</summary>
    public const string TargetCannotHold = "target-cannot-hold";

    /// <summary>A target that refused a creation goes on serving what somebody else has given it under that name.</summary>
    public const string ZoneFromElsewhere = "zone-from-elsewhere";

    /// <summary>A target took the change, but does not serve the wanted serial.</summary>
    public const string VerifyStale = "verify-stale";

    /// <summary>A target took the change and serves its serial, but other records.</summary>
    public const string VerifyMismatch = "verify-mismatch";

    /// <summary>A target serves the wanted serial; whether its records are those wanted could not be found out.</summary>
    public const string VerifyUnchecked = "verify-unchecked";

    /// <summary>Somebody else has changed the zone at a target.</summary>
    public const string Drift = "drift";

    /// <summary>The journal cannot be written (disk full, failing, or database away).</summary>
    public const string JournalAway = "journal-away";

    /// <summary>Another owner has taken the shard, or another agent the whole journal: this one may not write there any more, and
    /// never will again under the same epoch.</summary>
    public const string JournalFenced = "journal-fenced";

    /// <summary>A later command for the same zone overtook this one.</summary>
    public const string Superseded = "superseded";

    /// <summary>More work is waiting than the configured bounds allow.</summary>
    public const string Overload = "overload";

    /// <summary>No node of the cluster could take the zone in time.</summary>
    public const string NoOwner = "no-owner";

    /// <summary>The store that the cluster agrees through cannot be reached or cannot decide (no leader, too slow, lagging).</summary>
    public const string StoreAway = "store-away";

    /// <summary>The store said no: a wrong user, missing rights, another cluster, or a request that it does not take.</summary>
    public const string StoreRefused = "store-refused";

    /// <summary>The zone is not known to the agent.</summary>
    public const string UnknownZone = "unknown-zone";

    /// <summary>The zone belongs to a catalog, or to whoever created it, and another may not take it or take it away.</summary>
    public const string OwnedElsewhere = "owned-elsewhere";

    /// <summary>A catalog breaks the rules of RFC 9432; what it said before stays in force.</summary>
    public const string CatalogBroken = "catalog-broken";

    /// <summary>A catalog drops so many members at once that an operator must approve it.</summary>
    public const string CatalogRemoval = "catalog-removal";

    /// <summary>A catalog claims zones that are not free.</summary>
    public const string CatalogConflict = "catalog-conflict";

    /// <summary>The name cannot be handled by a target (length or characters of its own limits).</summary>
    public const string NameNotAcceptable = "name-not-acceptable";

    /// <summary>The process does not get to its work.</summary>
    public const string RuntimeStuck = "runtime-stuck";

    /// <summary>The agent is about to end.</summary>
    public const string Stopping = "stopping";

    /// <summary>An operator gives the node's work to the others.</summary>
    public const string Draining = "draining";

    /// <summary>Not all zones were proven since the start.</summary>
    public const string NotVerifiedYet = "not-verified-yet";

    /// <summary>Too many zones are not served as wanted.</summary>
    public const string UnverifiedShare = "unverified-share";

    /// <summary>A change has not been verified for too long.</summary>
    public const string UnverifiedAge = "unverified-age";

    /// <summary>The node is fit, and waits before it attracts traffic.</summary>
    public const string RiseDelay = "rise-delay";

    /// <summary>The node attracts traffic because nobody else would.</summary>
    public const string LastAnnouncer = "last-announcer";

    /// <summary>Routers could not be told.</summary>
    public const string AnnounceFailed = "announce-failed";
}
