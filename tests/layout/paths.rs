//! Reads which paths a file names: `use` trees taken apart, `super` and `self` resolved to
//! `crate::…`. Comments and strings are no tokens, so they name nothing.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module's path below `src/`: `adapters::git::url`.
pub(super) type Module = Vec<String>;

/// How a path stands in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// Anywhere but in a `use`.
    Path,
    /// By a `use`.
    Use,
    /// By a `pub use`, whatever it is public to.
    PubUse,
}

/// A path that a file names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mention {
    pub(super) path: Vec<String>,
    pub(super) named: Named,
    /// What the file calls it from then on: the path's last part, or what follows `as`.
    pub(super) called: String,
}

/// `adapters/git/url.rs` is `adapters::git::url`; `adapters/git/mod.rs` is `adapters::git`.
pub(super) fn module_of(name: &str) -> Module {
    let mut module: Module = name.trim_end_matches(".rs").split('/').map(str::to_owned).collect();
    if ["mod", "lib", "main"].contains(&module.last().unwrap().as_str()) {
        module.pop();
    }
    module
}

/// All paths that tokens name which stand in that module.
pub(super) fn mentions(tokens: TokenStream, module: &[String]) -> Vec<Mention> {
    let mut reader = Reader { found: Vec::new() };
    reader.read(tokens, module);
    reader.found
}

/// The tokens without any item that is marked `#[cfg(test)]`.
pub(super) fn without_tests(tokens: TokenStream) -> TokenStream {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let marks_tests = is_punct(Some(&token), '#')
            && tokens.peek().is_some_and(|next| next.to_string().replace(' ', "") == "[cfg(test)]");
        if marks_tests {
            let is_end =
                |token: &TokenTree| is_punct(Some(token), ';') || is_braced(Some(token)).is_some();
            let _the_item = tokens.find(is_end);
        } else if let TokenTree::Group(group) = &token {
            let inside = without_tests(group.stream());
            kept.push(TokenTree::Group(proc_macro2::Group::new(group.delimiter(), inside)));
        } else {
            kept.push(token);
        }
    }
    kept.into_iter().collect()
}

/// The modules that tokens declare as files: `mod name;`.
pub(super) fn declared(tokens: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let declarations = tokens.windows(3).filter(|three| is_punct(three.last(), ';'));
    declarations
        .filter(|three| three[0].to_string() == "mod")
        .map(|three| three[1].to_string())
        .collect()
}

struct Reader {
    found: Vec<Mention>,
}

impl Reader {
    fn read(&mut self, tokens: TokenStream, module: &[String]) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while let Some(token) = tokens.get(at) {
            at = match (token, is_braced(tokens.get(at + 2))) {
                (TokenTree::Ident(name), Some(body)) if name == "mod" => {
                    self.read(body, &[module, &[tokens[at + 1].to_string()]].concat());
                    at + 3
                }
                (TokenTree::Ident(name), _) if name == "use" => {
                    let named = if is_public(&tokens[..at]) { Named::PubUse } else { Named::Use };
                    self.path(&tokens, at + 1, (named, &[]), module)
                }
                (TokenTree::Ident(_), _) if is_visibility(&tokens[at..]) => at + 2,
                (TokenTree::Ident(_), _) => self.path(&tokens, at, (Named::Path, &[]), module),
                (TokenTree::Group(group), _) => {
                    self.read(group.stream(), module);
                    at + 1
                }
                (TokenTree::Punct(_) | TokenTree::Literal(_), _) => at + 1,
            };
        }
    }

    /// Reads the path that begins there, after a prefix; gives where it ends.
    fn path(
        &mut self,
        tokens: &[TokenTree],
        mut at: usize,
        (named, prefix): (Named, &[String]),
        module: &[String],
    ) -> usize {
        let mut path = prefix.to_vec();
        loop {
            match tokens.get(at) {
                Some(TokenTree::Group(tree)) if tree.delimiter() == Delimiter::Brace => {
                    self.tree(tree.stream(), (named, &path), module);
                    return at + 1;
                }
                Some(TokenTree::Ident(part)) => path.push(part.to_string()),
                Some(TokenTree::Punct(star)) if star.as_char() == '*' => path.push("*".to_owned()),
                // `::<Type>` and the like: the path is over, what follows is looked at by itself.
                _ => break,
            }
            at += 1;
            if !(is_punct(tokens.get(at), ':') && is_punct(tokens.get(at + 1), ':')) {
                break;
            }
            at += 2;
        }
        let path = absolute(path, module);
        let Some(last) = path.last() else { return at };
        let renamed = tokens.get(at).is_some_and(|word| word.to_string() == "as");
        let (called, at) = match tokens.get(at + 1) {
            Some(name) if renamed && named != Named::Path => (name.to_string(), at + 2),
            Some(_) | None => (last.clone(), at),
        };
        self.found.push(Mention { path, named, called });
        at
    }

    /// The branches of a `use` tree.
    fn tree(&mut self, tree: TokenStream, named: (Named, &[String]), module: &[String]) {
        let tokens: Vec<TokenTree> = tree.into_iter().collect();
        for branch in tokens.split(|token| is_punct(Some(token), ',')) {
            if !branch.is_empty() {
                self.path(branch, 0, named, module);
            }
        }
    }
}

/// Whether tokens begin with `pub(super)` or the like, which names no module to use it.
fn is_visibility(tokens: &[TokenTree]) -> bool {
    matches!(tokens, [TokenTree::Ident(word), TokenTree::Group(to), ..]
        if word == "pub" && to.delimiter() == Delimiter::Parenthesis)
}

/// Whether what stands before a `use` makes it public.
fn is_public(before: &[TokenTree]) -> bool {
    let before = match before {
        [before @ .., TokenTree::Group(to)] if to.delimiter() == Delimiter::Parenthesis => before,
        before => before,
    };
    before.last().is_some_and(|word| word.to_string() == "pub")
}

fn absolute(mut path: Vec<String>, module: &[String]) -> Vec<String> {
    let ups = path.iter().take_while(|part| *part == "super").count();
    let own = path.first().is_some_and(|part| part == "self");
    if path.len() > 1 && path.last().is_some_and(|part| part == "self") {
        path.pop();
    }
    if ups == 0 && !own {
        return path;
    }
    let kept = &module[..module.len().saturating_sub(ups)];
    let rest = &path[ups + usize::from(own)..];
    [&["crate".to_owned()], kept, rest].concat()
}

fn is_punct(token: Option<&TokenTree>, sign: char) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == sign)
}

/// What stands in the braces, if the token is such a group.
fn is_braced(token: Option<&TokenTree>) -> Option<TokenStream> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            Some(group.stream())
        }
        Some(_) | None => None,
    }
}
