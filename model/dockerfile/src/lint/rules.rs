//! Which rules there are.

use crate::Severity::{self, Error, Info, Style, Warning};

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// hadolint's code where it has one, or ShellCheck's, or BuildKit's name.
    pub code: &'static str,
    /// BuildKit's name where it means the same; else empty.
    pub also: &'static str,
    /// How much it matters.
    pub severity: Severity,
    /// Whether it has to be switched on.
    pub optional: bool,
}

const fn rule(code: &'static str, also: &'static str, severity: Severity) -> Rule {
    Rule { code, also, severity, optional: false }
}

const fn optional(code: &'static str, also: &'static str, severity: Severity) -> Rule {
    Rule { code, also, severity, optional: true }
}

/// All rules, sorted by code.
pub static RULES: [Rule; 110] = [
    rule("ConsistentInstructionCasing", "", Style),
    rule("CopyIgnoredFile", "", Warning),
    optional("DL1001", "", Info),
    rule("DL3000", "WorkdirRelativePath", Error),
    rule("DL3001", "", Info),
    rule("DL3002", "", Warning),
    rule("DL3003", "", Warning),
    rule("DL3004", "", Error),
    rule("DL3006", "", Warning),
    rule("DL3007", "", Warning),
    rule("DL3008", "", Warning),
    rule("DL3009", "", Info),
    rule("DL3010", "", Info),
    rule("DL3011", "", Error),
    rule("DL3012", "MultipleInstructionsDisallowed", Error),
    rule("DL3013", "", Warning),
    rule("DL3014", "", Warning),
    rule("DL3015", "", Info),
    rule("DL3016", "", Warning),
    rule("DL3018", "", Warning),
    rule("DL3019", "", Info),
    rule("DL3020", "", Error),
    rule("DL3021", "", Error),
    rule("DL3022", "", Warning),
    rule("DL3023", "", Error),
    rule("DL3024", "DuplicateStageName", Error),
    rule("DL3025", "JSONArgsRecommended", Warning),
    rule("DL3026", "", Error),
    rule("DL3027", "", Warning),
    rule("DL3028", "", Warning),
    rule("DL3029", "FromPlatformFlagConstDisallowed", Warning),
    rule("DL3030", "", Warning),
    rule("DL3032", "", Warning),
    rule("DL3033", "", Warning),
    rule("DL3034", "", Warning),
    rule("DL3035", "", Warning),
    rule("DL3036", "", Warning),
    rule("DL3037", "", Warning),
    rule("DL3038", "", Warning),
    rule("DL3040", "", Warning),
    rule("DL3041", "", Warning),
    rule("DL3042", "", Warning),
    rule("DL3043", "", Error),
    rule("DL3044", "", Error),
    rule("DL3045", "", Warning),
    rule("DL3046", "", Warning),
    rule("DL3047", "", Info),
    rule("DL3048", "", Style),
    rule("DL3049", "", Info),
    rule("DL3050", "", Info),
    rule("DL3051", "", Warning),
    rule("DL3052", "", Warning),
    rule("DL3053", "", Warning),
    rule("DL3054", "", Warning),
    rule("DL3055", "", Warning),
    rule("DL3056", "", Warning),
    optional("DL3057", "", Info),
    rule("DL3058", "", Warning),
    rule("DL3059", "", Info),
    rule("DL3060", "", Info),
    rule("DL3061", "", Error),
    rule("DL3062", "", Warning),
    rule("DL3063", "ReservedStageName", Warning),
    rule("DL3064", "SecretsUsedInArgOrEnv", Warning),
    rule("DL3065", "RedundantTargetPlatform", Warning),
    optional("DL3066", "", Info),
    rule("DL3067", "", Warning),
    rule("DL4000", "MaintainerDeprecated", Error),
    rule("DL4001", "", Warning),
    rule("DL4003", "MultipleInstructionsDisallowed", Warning),
    rule("DL4004", "MultipleInstructionsDisallowed", Error),
    rule("DL4005", "", Warning),
    rule("DL4006", "", Warning),
    rule("ExposeInvalidFormat", "", Warning),
    rule("ExposeProtoCasing", "", Warning),
    rule("FromAsCasing", "", Style),
    rule("InvalidDefaultArgInFrom", "", Warning),
    optional("InvalidDefinitionDescription", "", Style),
    rule("LegacyKeyValueFormat", "", Warning),
    rule("NoEmptyContinuation", "", Warning),
    rule("SC1078", "", Error),
    rule("SC2002", "", Style),
    rule("SC2003", "", Style),
    rule("SC2005", "", Style),
    rule("SC2006", "", Style),
    rule("SC2009", "", Info),
    rule("SC2010", "", Warning),
    rule("SC2024", "", Warning),
    rule("SC2035", "", Info),
    rule("SC2038", "", Warning),
    rule("SC2046", "", Warning),
    rule("SC2061", "", Warning),
    rule("SC2062", "", Warning),
    rule("SC2069", "", Warning),
    rule("SC2115", "", Warning),
    rule("SC2126", "", Style),
    rule("SC2162", "", Info),
    rule("SC2164", "", Warning),
    rule("SC2166", "", Warning),
    rule("SC2174", "", Warning),
    rule("SC2196", "", Info),
    rule("SC3001", "", Warning),
    rule("SC3010", "", Warning),
    rule("SC3014", "", Warning),
    rule("SC3020", "", Warning),
    rule("SC3040", "", Warning),
    rule("SC3046", "", Warning),
    rule("StageNameCasing", "", Style),
    rule("UndefinedArgInFrom", "", Warning),
    rule("UndefinedVar", "", Warning),
];

/// The rule of a code.
pub fn find(code: &str) -> Option<&'static Rule> {
    RULES.binary_search_by(|rule| rule.code.cmp(code)).ok().map(|at| &RULES[at])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_are_sorted() {
        assert!(RULES.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert_eq!(find("DL3006").map(|rule| rule.severity), Some(Warning));
        assert_eq!(find("DL9999"), None);
    }
}
